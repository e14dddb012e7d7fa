"""Which kind of door an address is."""

from __future__ import annotations

from pathlib import Path

from fink_ad.config import Settings
from fink_ad.errors import ConfigError
from fink_ad.review.doors.contract import Door
from fink_ad.review.doors.lines import JsonLines
from fink_ad.review.doors.messengers import Messenger

__all__ = ["kind_of", "open_door"]


def open_door(settings: Settings, name: str) -> Door:
    """Open a door of the settings.

    Raises
    ------
    ConfigError
        If there is none of that name, its address is not understood, or what it needs is not
        installed. The address, which holds secrets, is not in the message.
    """
    secret = settings.bot.doors.get(name)
    if secret is None:
        raise ConfigError(f"there is no door {name!r} in the settings; add it to [bot.doors]")
    url = secret.get_secret_value()
    if url.startswith("jsonl:"):
        return JsonLines(Path(url.removeprefix("jsonl:")))
    if url.startswith("kafka:"):
        from fink_ad.review.doors.topic import KafkaTopic

        return KafkaTopic(name, url)
    return Messenger(name, url)


def kind_of(settings: Settings, name: str) -> str:
    """Return the scheme of a door's address, which is no secret: ``kafka``, ``mailto``, ..."""
    scheme, colon, _ = settings.bot.doors[name].get_secret_value().partition(":")
    return scheme if colon and scheme.isalnum() and len(scheme) <= 20 else "?"
