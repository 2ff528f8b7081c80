"""`[lookup]` of a mapping file: either a URL or a query, and what belongs to it."""

import pytest

from service.adapters.registers.mapping_file import mapping_from
from service.domain.errors import InvalidError
from service.domain.permits.lookup import Lookup

URL = "https://register.example/permits/{number}"
QUERY = "SELECT * FROM licences WHERE no = :number::text"
BASE = {
    "source": "city",
    "rule": "us-nyc-parking",
    "columns": {"No": "number", "Name": "holder", "Expires": "expires_on"},
}


def test_the_defaults_are_an_hour_three_seconds_four_at_once_and_hold() -> None:
    values = {**BASE, "lookup": {"url": URL}}
    found = mapping_from(values, "m.toml").lookup
    assert found == Lookup(
        url=URL,
        fresh_minutes=60,
        timeout=3,
        at_once=4,
        on_failure="hold",
        mapping=values,
    )


def test_a_query_may_have_casts() -> None:
    keys = {"query": QUERY, "database_env": "CITY"}
    found = mapping_from({**BASE, "lookup": keys}, "m.toml").lookup
    assert found is not None
    assert (found.query, found.database_env) == (QUERY, "CITY")


@pytest.mark.parametrize(
    ("keys", "mistake"),
    [
        ({}, "lookup.query: found nothing, expected either url or query"),
        ({"url": URL, "query": QUERY}, "expected either url or query"),
        ({"url": "https://register.example/"}, "{number} in its path once"),
        ({"url": "https://{number}.example/"}, "{number} in its path once"),
        (
            {"url": "https://u:p@register.example/{number}"},
            "without a user or fragment",
        ),
        ({"url": "https://register.example/证照/{number}"}, "address in ASCII"),
        ({"url": "ftp://register.example/{number}"}, "an http or https address"),
        ({"url": URL, "database_env": "CITY"}, "none beside url"),
        ({"query": QUERY}, "database_env: found nothing, expected a variable's name"),
        ({"query": "SELECT 1", "database_env": "C"}, "a query with :number in it"),
        ({"query": f"{QUERY} :x", "database_env": "C"}, "no other parameter"),
        ({"query": "DELETE FROM x WHERE :number"}, "begins with SELECT or WITH"),
        (
            {"query": QUERY, "database_env": "C", "token_env": "T"},
            "token_env: found 'T', expected a url",
        ),
        ({"url": URL, "token_env": "PERMIT_REMINDERS_KEY"}, "not one of our own"),
        (
            {"url": URL, "timeout": 0},
            "timeout: found 0, expected seconds from 0.01 to 5",
        ),
        ({"url": URL, "timeout": 5.1}, "found 5.1"),
        ({"url": URL, "fresh_minutes": 0}, "a whole number from 1 to 1440"),
        ({"url": URL, "at_once": 21}, "a whole number from 1 to 20"),
        ({"url": URL, "on_failure": "send"}, "expected hold or pass"),
        ({"url": URL, "retries": 3}, "retries"),
    ],
)
def test_what_cannot_be_asked_is_a_mistake(
    keys: dict[str, object], mistake: str
) -> None:
    with pytest.raises(InvalidError) as refusal:
        mapping_from({**BASE, "lookup": keys}, "m.toml")
    assert mistake in str(refusal.value).replace('"', "'")


def test_a_register_that_is_asked_has_a_name() -> None:
    nameless = {key: value for key, value in BASE.items() if key != "source"}
    with pytest.raises(InvalidError, match="source: found nothing, expected the regis"):
        mapping_from({**nameless, "lookup": {"url": URL}}, "m.toml")
