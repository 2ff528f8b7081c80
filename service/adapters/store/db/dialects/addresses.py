"""Addresses of databases: with the driver that is used, and without a password."""

from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from service.domain.errors import SetUpError

_NO_ADDRESS: Final = (
    "PERMIT_REMINDERS_DATABASE_URL: cannot be read; expected sqlite:///FILE or "
    "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with %40 for an @ in a password"
)


def async_url(url: str) -> URL:
    """The URL with the driver that this service uses for its kind of database.

    Raises `SetUpError` for what is no address, and repeats nothing of it: it may hold
    a password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # ValueError for a port that is no number
        raise SetUpError(_NO_ADDRESS) from None
    if "@" in (parsed.host or ""):
        raise SetUpError(_NO_ADDRESS)
    driver = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
    name = driver.get(parsed.get_backend_name())
    if name is None:
        raise SetUpError(
            f"PERMIT_REMINDERS_DATABASE_URL: found {parsed.get_backend_name()!r}, "
            "expected sqlite:///FILE or postgresql://…"
        )
    return parsed.set(drivername=name)


def shown_address(url: URL) -> str:
    """The URL without its passwords, for messages to people."""
    plain = url.set(drivername=url.get_backend_name())
    passwords = [name for name in plain.query if "password" in name]
    shown = plain.difference_update_query(passwords)
    return shown.render_as_string(hide_password=True)
