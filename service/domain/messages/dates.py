"""How texts and reports write days: "2026年10月20日", "20 Oct 2026"."""

from datetime import date, datetime

from service.domain.law.rule import Language

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def format_day(day: date, language: Language, *, year: bool = True) -> str:
    """Write a day: 2026年10月20日, 20 Oct 2026.

    Without `year` Chinese writes 10月20日; English always names it.
    """
    if language == "en":
        return f"{format_month_day(day, 'en')} {day.year}"
    return (f"{day.year}年" if year else "") + format_month_day(day, "zh")


def format_month_day(day: date, language: Language) -> str:
    """Write a day whose year is clear: 2月4日, 4 Feb."""
    if language == "en":
        return f"{day.day} {MONTHS[day.month - 1][:3]}"
    return f"{day.month}月{day.day}日"


def format_edge(day: date, expires_on: date, language: Language) -> str:
    """Write an opening or closing day in a text that names the expiry date first.

    Chinese leaves out the year that the expiry date has named already.
    """
    return format_day(day, language, year=day.year != expires_on.year)


def format_moment(local: datetime, language: Language) -> str:
    """Write a local time: 2024年2月5日09:00, 5 Feb 2024 09:00."""
    gap = " " if language == "en" else ""
    return f"{format_day(local, language)}{gap}{local:%H:%M}"
