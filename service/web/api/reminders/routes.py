"""Reminders of all permits: what is due, what is held, what became of each."""

from service.flow.reports.message_views import RemindersWanted
from service.web.api.authority_scope import below
from service.web.api.endpoint import endpoint
from service.web.api.reminders.models import (
    ListedReminder,
    ReminderPage,
    RemindersQuery,
)
from service.web.services import Desk


@endpoint("GET", "/v1/reminders", {200: ReminderPage}, refusals=(404,))
async def list_reminders(desk: Desk, query: RemindersQuery) -> ReminderPage:
    """List reminders by permit, page by page; a held one says why and until when."""
    law = await desk.laws.law()
    if query.rule:
        law.rule(query.rule)
    offices = below(law, query.authority)
    wanted = RemindersWanted(query.state, query.rule, offices, query.held)
    found, following = await desk.reminders.page(wanted, query.after, query.limit)
    items = [ListedReminder.model_validate(one) for one in found]
    return ReminderPage(items=items, next=following)
