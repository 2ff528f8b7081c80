"""The proxy for requests to a provider: the configured or the environment's."""

import ipaddress
from contextlib import suppress
from urllib.request import getproxies, proxy_bypass

from yarl import URL

from service.domain.errors import SetUpError


def proxy_for(url: str, configured: str | None) -> str | None:
    """Return the proxy for a URL: the configured one, else that of `HTTPS_PROXY` etc.

    `NO_PROXY` is honoured, and loopback addresses have no proxy. Raises `SetUpError`
    for a proxy that is not HTTP, since every message would fail on it.
    """
    if configured is not None:
        return configured
    target = URL(url)
    found = getproxies().get(target.scheme)
    if not found or _is_loopback(target.host or "") or proxy_bypass(target.host or ""):
        return None
    address = found if "://" in found else f"http://{found}"
    scheme, _, host = address.partition("://")
    if scheme not in {"http", "https"} or not host:
        raise SetUpError(
            f"{target.scheme.upper()}_PROXY: found a proxy of {scheme}, expected an "
            "http or https address; or set PERMIT_REMINDERS_PROXY"
        )
    return address


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
