"""What going live would do, on one screen."""

from collections.abc import Iterator

import click

from service.domain.go_live.preview import Cost, GoLivePreview


def print_go_live_preview(preview: GoLivePreview, catch_up: int) -> None:
    """Print whom a start would text, how that is spread, and three real texts."""
    for line in _lines(preview, catch_up):
        click.echo(line)


def _lines(told: GoLivePreview, catch_up: int) -> Iterator[str]:
    local = told.now.astimezone(told.office.zone)
    yield f"going live on {local:%a %d %b %Y, %H:%M} {told.office.zone.key}:"
    yield from _steps(told)
    yield from _cost(told, catch_up)
    yield f"on each sending day{'caught up':>16}{'falling due':>14}{'in all':>9}"
    for day, caught, due in told.texts_by_day:
        yield f"  {day:%a %d %b %Y}{caught:>20}{due:>14}{caught + due:>9}"
    yield (
        f"past closing: {told.contact_permits} "
        f"{'are' if catch_up else 'could be'} told to "
        f"contact the office now, {told.call_permits} to be called"
    )
    yield f"without a mobile number: {told.without_mobile}"
    for reason in told.refusals:
        yield f"cannot go live: {reason}"
    for phone, text in told.sample_texts:
        yield f"{phone}: {text}"


def _steps(told: GoLivePreview) -> Iterator[str]:
    known = sorted({*told.current_by_step, *told.due_today_by_step})
    width = max((len(" ".join(step)) for step in known), default=0)
    yield f"  {'permits in step':{width}}{'already':>10}{'due today':>12}"
    for step in known:
        name = " ".join(step)
        yield (
            "  "
            f"{name:{width}}{told.current_by_step[step]:>10}{told.due_today_by_step[step]:>12}"
        )
    current, today = told.current_by_step.total(), told.due_today_by_step.total()
    yield f"  {'in all':{width}}{current:>10}{today:>12}"


def _cost(told: GoLivePreview, catch_up: int) -> Iterator[str]:
    yield f"falling due today: {_cost_text(told.due_today_cost)}"
    if catch_up:
        days = f"{catch_up} sending days"
        yield f"caught up with over {days}: {_cost_text(told.catch_up_cost)}"
    else:
        yield f"never texted without --catch-up: {_cost_text(told.catch_up_cost)}"


def _cost_text(cost: Cost) -> str:
    return f"{cost.messages} messages, {cost.segments} segments"
