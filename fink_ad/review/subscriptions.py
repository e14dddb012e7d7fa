"""Wishes in words: what somebody writes after /subscribe, understood and checked."""

from __future__ import annotations

import math
import shlex
from dataclasses import replace

from fink_ad.alerts import POPULATIONS, SURVEYS
from fink_ad.errors import ConfigError, ReviewError
from fink_ad.expressions import parse
from fink_ad.review.hours import checked_hour, checked_zone
from fink_ad.store.records.notifications import SHARED, NewSubscription, Subscription

__all__ = ["EXAMPLE", "in_words", "read_subscription"]

EXAMPLE = (
    "/subscribe ztf transient rarity=5000 limit=10 model=mine digest=08:00 quiet=23:00-07:00"
    ' zone=Europe/Paris where="abs(b_deg) > 30"'
)
"""What can be written, all at once."""

_KEYS = ("rarity", "limit", "model", "digest", "quiet", "zone", "where", "at")
_MOST_A_NIGHT = 500


def read_subscription(
    text: str,
    target: str,
    reviewer_id: int,
    survey: str,
    population: str,
    *,
    example: str = EXAMPLE,
) -> NewSubscription:
    """Return the subscription that words like those of `EXAMPLE` ask for.

    Parameters
    ----------
    text : str
        The words; what is not named stays at its default.
    survey, population : str
        Of the list, unless named.
    example : str
        What messages give as one.

    Raises
    ------
    ReviewError
        If a word or the condition is not understood; the message has an example.
    """
    try:
        # Phones make typographic quotes of straight ones.
        words = shlex.split(text.translate(dict.fromkeys(map(ord, "“”„"), '"')))
    except ValueError as error:
        raise ReviewError(f"a quote is not closed; for example {example}") from error
    wish = NewSubscription(
        target=target, reviewer_id=reviewer_id, survey=survey, population=population
    )
    for word in words:
        key, equals, value = word.partition("=")
        if word.lower() in SURVEYS:
            wish = replace(wish, survey=word.lower())
        elif word.lower() in POPULATIONS:
            wish = replace(wish, population=word.lower())
        elif equals and key.lower() in _KEYS:
            wish = _with(wish, key.lower(), value, example)
        else:
            raise ReviewError(f"{word[:40]!r} means nothing here; for example {example}")
    return wish


def in_words(one: Subscription) -> str:
    """Say what a subscription is for, in one line."""
    told = [
        f"{one.survey} {one.population}, {'shared' if one.model == SHARED else 'personal'} model",
        f"at least 1 in {one.rarity:,.0f}",
        f"at most {one.per_night} a night",
        f"every day at {one.digest_at} ({one.timezone})" if one.digest_at else "at once",
    ]
    if one.quiet_from:
        told.append(f"quiet {one.quiet_from}-{one.quiet_to} ({one.timezone})")
    if one.where:
        told.append(f"where {one.where}")
    return ", ".join(told)


def _with(wish: NewSubscription, key: str, value: str, example: str) -> NewSubscription:
    if key == "rarity":
        return replace(wish, rarity=_number(key, value, 1.0, 1e9, "5000"))
    if key == "limit":
        return replace(wish, per_night=int(_number(key, value, 1, _MOST_A_NIGHT, "10")))
    if key == "model":
        if value not in ("mine", "shared"):
            raise ReviewError(f"model={value[:20]} is unknown; write model=mine or model=shared")
        return replace(wish, model=f"reviewer:{wish.reviewer_id}" if value == "mine" else SHARED)
    if key == "digest":
        return replace(wish, digest_at=checked_hour(value))
    if key == "quiet":
        begin, _, end = value.partition("-")
        return replace(wish, quiet_from=checked_hour(begin), quiet_to=checked_hour(end))
    if key == "zone":
        return replace(wish, timezone=checked_zone(value))
    if key == "where":
        try:
            parse(value)
        except ConfigError as error:
            raise ReviewError(f"{error}; for example {example}") from error
        return replace(wish, where=value)
    return replace(wish, target=value)


def _number(key: str, value: str, low: float, high: float, example: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not low <= number <= high:
        raise ReviewError(
            f"{key}={value[:20]} is no number from {low:g} to {high:g}; for example {key}={example}"
        )
    return number
