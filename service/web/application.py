"""The web application: every route there is, behind the same three doors."""

from collections.abc import Sequence
from functools import cache
from typing import Final

import orjson
from aiohttp import hdrs, web

from service.flow.sending.provider import Provider
from service.web.access_log import log_requests
from service.web.api.authorities.routes import (
    get_authority,
    list_authorities,
    put_authority,
)
from service.web.api.calendars.routes import get_year, put_year
from service.web.api.counts.routes import counts
from service.web.api.endpoint import Endpoint
from service.web.api.explain.routes import explain
from service.web.api.failover.routes import failover, send_after_failover
from service.web.api.forecast.routes import forecast
from service.web.api.imports.changes import list_all_changes, list_import_changes
from service.web.api.imports.routes import get_import, list_imports
from service.web.api.imports.upload import begin_import, get_rejects
from service.web.api.inbox.routes import handle_text, list_inbox, opt_out_sender
from service.web.api.messages.routes import (
    get_message,
    give_up_message,
    list_messages,
    resend_message,
)
from service.web.api.openapi import openapi_document
from service.web.api.opt_outs.routes import (
    delete_opt_out,
    list_opt_outs,
    put_opt_out,
)
from service.web.api.pauses.routes import pause, resume
from service.web.api.permits.routes import (
    delete_permit,
    get_permit,
    list_permits,
    put_permit,
)
from service.web.api.reminders.routes import list_reminders
from service.web.api.reports.routes import weekly_report
from service.web.api.rules.routes import add_version, get_rule, list_rules, revert_rule
from service.web.api.templates.routes import (
    get_template,
    list_templates,
    save_template,
)
from service.web.api.unreachable.routes import list_unreachable
from service.web.api_keys import require_api_key
from service.web.health import healthz, readyz
from service.web.listener import READING
from service.web.metrics import metrics
from service.web.problems import errors_as_problems
from service.web.service_key import SERVICES
from service.web.services import Services
from service.web.webhooks import PATH, PROVIDER, handle_webhook

ENDPOINTS: Final[Sequence[Endpoint]] = (
    put_permit,
    get_permit,
    delete_permit,
    list_permits,
    list_imports,
    get_import,
    begin_import,
    get_rejects,
    list_import_changes,
    list_all_changes,
    list_authorities,
    get_authority,
    put_authority,
    list_rules,
    get_rule,
    add_version,
    revert_rule,
    list_templates,
    get_template,
    save_template,
    get_year,
    put_year,
    list_opt_outs,
    put_opt_out,
    delete_opt_out,
    list_unreachable,
    explain,
    forecast,
    counts,
    weekly_report,
    list_reminders,
    list_messages,
    get_message,
    resend_message,
    give_up_message,
    list_inbox,
    opt_out_sender,
    handle_text,
    pause,
    resume,
    failover,
    send_after_failover,
    metrics,
    healthz,
    readyz,
)

WORKER_ENDPOINTS: Final[Sequence[Endpoint]] = (metrics, healthz, readyz)

LONGEST_BODY: Final = 64 * 1024
"""Bytes; a permit or a webhook has some hundreds."""


def application(services: Services, provider: Provider) -> web.Application:
    """Serve the API, the webhooks of a provider, the probes and the metrics."""
    app = _with_endpoints(services, ENDPOINTS, public={PATH})
    app[PROVIDER] = provider
    app.router.add_post(PATH, handle_webhook)
    app.router.add_get("/openapi.json", _openapi)
    return app


def worker_application(services: Services) -> web.Application:
    """Serve the probes and the metrics, and nothing else."""
    return _with_endpoints(services, WORKER_ENDPOINTS, public=set())


def _with_endpoints(
    services: Services, endpoints: Sequence[Endpoint], public: set[str]
) -> web.Application:
    """An application of some endpoints; `public` are other paths that need no key."""
    free = public | {one.path for one in endpoints if one.public}
    app = web.Application(
        middlewares=[log_requests, errors_as_problems, require_api_key(free)],
        client_max_size=LONGEST_BODY,
        handler_args=READING,
    )
    app[SERVICES] = services
    for one in endpoints:
        app.router.add_route(one.method, one.path, one.handle)
        if one.method == hdrs.METH_GET:
            app.router.add_route(hdrs.METH_HEAD, one.path, one.handle)
    return app


async def _openapi(_: web.Request) -> web.Response:
    return web.Response(body=_openapi_json(), content_type="application/json")


@cache
def _openapi_json() -> bytes:
    """Make the document when it is first asked for: it takes as long as a start."""
    return orjson.dumps(openapi_document(ENDPOINTS))
