"""Names of people, as they are stored."""

from __future__ import annotations

from fink_ad.errors import ReviewError

__all__ = ["SHARED", "checked_name"]

SHARED = "shared"
"""No name of a person: settings call everybody's model so."""

_LENGTH = 100
_FORMULA = ("=", "+", "-", "@")


def checked_name(name: str) -> str:
    """Return the name of a new person without blanks around.

    Raises
    ------
    ReviewError
        If it is empty, too long or `SHARED`, holds characters that do not print, or begins like
        a formula of a spreadsheet.
    """
    name = name.strip()
    if not name or len(name) > _LENGTH or not name.isprintable():
        raise ReviewError(f"{name[:_LENGTH]!r} is no name: 1 to {_LENGTH} characters that print")
    if name.startswith(_FORMULA):
        raise ReviewError(f"{name!r} is no name: it begins like a formula, with {name[0]}")
    if name.lower() == SHARED:
        raise ReviewError(f"{name!r} is no name of a person: settings call everybody's model so")
    return name
