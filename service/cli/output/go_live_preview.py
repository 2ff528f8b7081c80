"""Print what going live would do, on one screen."""

from collections.abc import Iterator

import click

from service.domain.go_live.preview import Cost, GoLivePreview


def print_go_live_preview(preview: GoLivePreview, catch_up: int) -> None:
    """Print the permits by step, the cost, the texts by day and sample texts."""
    for line in _lines(preview, catch_up):
        click.echo(line)


def _lines(preview: GoLivePreview, catch_up: int) -> Iterator[str]:
    local = preview.now.astimezone(preview.office.zone)
    yield f"going live on {local:%a %d %b %Y, %H:%M} {preview.office.zone.key}:"
    yield from _steps(preview)
    yield from _cost(preview, catch_up)
    yield f"on each sending day{'caught up':>16}{'falling due':>14}{'in all':>9}"
    for day, caught, due in preview.texts_by_day:
        yield f"  {day:%a %d %b %Y}{caught:>20}{due:>14}{caught + due:>9}"
    yield (
        f"past closing: {preview.contact_permits} "
        f"{'are' if catch_up else 'could be'} told to "
        f"contact the office now, {preview.call_permits} to be called"
    )
    yield f"without a mobile number: {preview.without_mobile}"
    for reason in preview.refusals:
        yield f"cannot go live: {reason}"
    for phone, text in preview.sample_texts:
        yield f"{phone}: {text}"


def _steps(preview: GoLivePreview) -> Iterator[str]:
    known = sorted({*preview.current_by_step, *preview.due_today_by_step})
    width = max((len(" ".join(step)) for step in known), default=0)
    yield f"  {'permits in step':{width}}{'already':>10}{'due today':>12}"
    for step in known:
        name = " ".join(step)
        yield (
            "  "
            f"{name:{width}}{preview.current_by_step[step]:>10}{preview.due_today_by_step[step]:>12}"
        )
    current, today = preview.current_by_step.total(), preview.due_today_by_step.total()
    yield f"  {'in all':{width}}{current:>10}{today:>12}"


def _cost(preview: GoLivePreview, catch_up: int) -> Iterator[str]:
    yield f"falling due today: {_cost_text(preview.due_today_cost)}"
    if catch_up:
        days = f"{catch_up} sending days"
        yield f"caught up with over {days}: {_cost_text(preview.catch_up_cost)}"
    else:
        yield f"never texted without --catch-up: {_cost_text(preview.catch_up_cost)}"


def _cost_text(cost: Cost) -> str:
    return f"{cost.messages} messages, {cost.segments} segments"
