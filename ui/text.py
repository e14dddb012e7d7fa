"""Words on the page: strangers' texts made harmless, times and numbers as people read them."""

from __future__ import annotations

import html
import math
import re
from datetime import UTC, datetime

__all__ = ["ago", "escaped", "number", "plain", "rarity", "safe", "utc"]

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+.!|$:~&-])")
_ADDRESS = re.compile(r"(https?:(?=//)|www(?=\.)|@)", re.IGNORECASE)
_JOINER = "\u2060"  # has no width, and ends what looks like an address

_STEPS = (("d", 86_400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0))


def plain(text: object) -> str:
    """Replace what does not print: control codes, marks that turn the direction of writing."""
    return "".join(one if one.isprintable() else "\ufffd" for one in str(text))


def escaped(text: object) -> str:
    """Make a stranger's text harmless inside Markdown: no links, no pictures, no colours.

    Addresses are made links after backslashes are gone, so these alone do not keep them text.
    """
    return _MARKDOWN.sub(r"\\\1", _ADDRESS.sub(rf"\1{_JOINER}", plain(text)))


def safe(text: object) -> str:
    """Make a stranger's text harmless inside HTML, attributes included."""
    return html.escape(plain(text))


def utc(when: datetime | None) -> str:
    """Write a time in UTC to the minute."""
    return "-" if when is None else f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def ago(when: datetime | None, now: datetime) -> str:
    """Say how long ago something was."""
    if when is None:
        return "never"
    seconds = (now - when).total_seconds()
    if abs(seconds) < 1:
        return "now"
    unit, length = next(step for step in _STEPS if abs(seconds) >= step[1])
    count = abs(seconds) / length
    told = f"{count:.1f}" if unit in "dh" and count < 10 else f"{count:.0f}"
    return f"{told} {unit} ago" if seconds > 0 else f"in {told} {unit}"


def number(value: float | None) -> str:
    """Write a value in a few characters."""
    return "-" if value is None or not math.isfinite(value) else f"{value:.4g}"


def rarity(one_in: float, beyond: bool = False) -> str:
    """Write a rarity: 1 in N, or rarer than that."""
    if not math.isfinite(one_in):
        return "-"
    return f"{'rarer than ' if beyond else ''}1 in {one_in:,.0f}"
