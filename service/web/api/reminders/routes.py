"""The list of reminders of all permits."""

from service.flow.reports.message_views import ReminderFilter
from service.web.api.authority_scope import offices_below
from service.web.api.endpoint import endpoint
from service.web.api.reminders.models import (
    ListedReminder,
    ReminderPage,
    RemindersQuery,
)
from service.web.services import Services


@endpoint("GET", "/v1/reminders", {200: ReminderPage}, error_statuses=(404,))
async def list_reminders(services: Services, query: RemindersQuery) -> ReminderPage:
    """List reminders by permit, page by page; a held one says why and until when."""
    law = await services.law_store.current_law()
    if query.rule:
        law.rule(query.rule)
    offices = offices_below(law, query.authority)
    wanted = ReminderFilter(query.state, query.rule, offices, query.held)
    found, following = await services.reminder_reader.page(
        wanted, query.after, query.limit
    )
    items = [ListedReminder.model_validate(one) for one in found]
    return ReminderPage(items=items, next=following)
