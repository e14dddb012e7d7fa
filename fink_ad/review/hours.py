"""Hours of the clock on somebody's wall: quiet hours, and when a digest was due."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fink_ad.errors import ReviewError

__all__ = ["checked_hour", "checked_zone", "last_due", "quiet_until"]

_HOUR = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", re.ASCII)


def checked_hour(text: str) -> str:
    """Return an hour as ``HH:MM``.

    Raises
    ------
    ReviewError
        If it is none.
    """
    found = _HOUR.fullmatch(text)
    if found is None:
        raise ReviewError(f"{text[:20]!r} is no hour; write for example 08:30")
    return f"{int(found[1]):02d}:{found[2]}"


def checked_zone(name: str) -> str:
    """Return the name of a time zone.

    Raises
    ------
    ReviewError
        If there is none of that name.
    """
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ReviewError(
            f"there is no time zone {name[:40]!r}; write for example Europe/Paris"
        ) from error


def quiet_until(now: datetime, zone: str, quiet_from: str, quiet_to: str) -> datetime | None:
    """Return when the quiet hours that now is in end, UTC; None outside of them.

    They may span midnight. In the night in which clocks change they are an hour shorter or
    longer, as the clock on the wall says.
    """
    if not quiet_from or quiet_from == quiet_to:
        return None
    today = now.astimezone(ZoneInfo(zone)).date()
    for day in (today - timedelta(days=1), today):
        begin = _at(day, quiet_from, zone)
        after_midnight = timedelta(days=quiet_to <= quiet_from)
        end = _at(day + after_midnight, quiet_to, zone)
        if begin <= now < end:
            return end
    return None


def last_due(now: datetime, zone: str, hour: str) -> datetime:
    """Return the last time, UTC, that a clock in a zone showed an hour."""
    today = now.astimezone(ZoneInfo(zone)).date()
    due = _at(today, hour, zone)
    return due if due <= now else _at(today - timedelta(days=1), hour, zone)


def _at(day: date, hour: str, zone: str) -> datetime:
    wall = datetime.combine(day, time.fromisoformat(hour), ZoneInfo(zone))
    return wall.astimezone(UTC)
