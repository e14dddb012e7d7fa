"""Doors to people through the apprise library: e-mail, Slack, webhooks and many more."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from fink_ad.errors import ConfigError
from fink_ad.review.captions import caption, plain_text
from fink_ad.review.doors.contract import DoorRefused, DoorShut
from fink_ad.review.outbox import Parcel
from fink_ad.review.pictures import candidate_picture

__all__ = ["Messenger"]

_LONGEST_SECONDS = 20.0  # for all of one message, whatever the other side does meanwhile

_CODE = re.compile(r"error=(\d{3})\b|\((\d{3}), b['\"]")
"""The answer's code in what the library logs, of HTTP and of SMTP."""

_NOT_REACHED = (
    "Connection refused",
    "connect timeout",
    "Name or service not known",
    "Network is unreachable",
)
_LOST = ("timed out", "Connection aborted", "Connection reset", "Connection unexpectedly closed")


class Messenger:
    """Sends a candidate as its caption and picture, and plain words as they are.

    The address holds secrets, and so may what the library logs and what a server answers: of
    all that only codes and a few known words are told.

    Raises
    ------
    ConfigError
        If apprise is not installed or does not understand the address.
    """

    def __init__(self, name: str, url: str) -> None:
        try:
            import apprise
            from apprise.attachment.memory import AttachMemory
        except ImportError as error:
            raise ConfigError("this door needs apprise: pip install 'fink-ad[bot]'") from error
        _keep_secrets_out_of_logs()
        self._apprise, self._attachment = apprise, AttachMemory
        self._name = name
        self._service = apprise.Apprise(asset=apprise.AppriseAsset(app_id="fink_ad"))
        if not self._service.add(url):
            raise ConfigError(
                f"door {name!r} is no address that apprise understands, nor kafka:// or jsonl:"
            )

    def ready(self, parcel: Parcel) -> Callable[[], str]:
        """Draw the picture, and return what sends it."""
        one, candidate = parcel.notification, parcel.candidate
        formats = self._apprise.NotifyFormat
        if candidate is None:
            words = plain_text(one.body, in_doubt=one.in_doubt)
            return partial(self._send, str(one.id), body=words, body_format=formats.TEXT)
        picture = self._attachment(  # type: ignore[no-untyped-call]
            content=candidate_picture(candidate), name=f"{one.id}.png", mimetype="image/png"
        )
        return partial(
            self._send,
            str(one.id),
            body=caption(candidate, parcel.reason, in_doubt=one.in_doubt),
            body_format=formats.HTML,
            attach=self._apprise.AppriseAttachment(picture),
        )

    def close(self) -> None:
        """Nothing stays open between messages."""

    def _send(self, message_id: str, **what: Any) -> str:
        answer = self._service.notify(
            title="fink_ad", timeout=_LONGEST_SECONDS, log_level=logging.DEBUG, **what
        )
        if not answer:
            raise self._reason(" ".join(entry.message for entry in answer.logs()), answer.status)
        return message_id

    def _reason(self, said: str, status: Any) -> DoorShut | DoorRefused:
        codes = {int(http or smtp) for http, smtp in _CODE.findall(said)}
        if codes:
            why = f"door {self._name!r} was answered {', '.join(map(str, sorted(codes)))}"
            return DoorRefused(why) if all(map(_is_refusal, codes)) else DoorShut(why)
        for words in _NOT_REACHED:
            if words in said:
                return DoorShut(f"door {self._name!r} is out of reach: {words.lower()}")
        if status == self._apprise.AppriseResultStatus.TIMEOUT or any(one in said for one in _LOST):
            return DoorShut(f"door {self._name!r} does not answer", in_doubt=True)
        return DoorShut(f"door {self._name!r} did not take the message")


def _is_refusal(code: int) -> bool:
    """Tell whether an answer is about the message: 400 and 413 of HTTP, 55x of SMTP."""
    return code in (400, 413, 422) or 550 <= code < 560


def _keep_secrets_out_of_logs() -> None:
    """Let what the library and its HTTP client log reach us alone: addresses hold secrets."""
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)  # the reasons are among what it says at this level
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    logging.getLogger("urllib3").setLevel(logging.ERROR)
