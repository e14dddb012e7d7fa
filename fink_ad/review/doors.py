"""The other ways out of the outbox: JSON lines in a file, and what the apprise library reaches.

A door is named in the settings, ``[bot.doors]``, by ``jsonl:PATH`` or by an apprise URL (Slack,
e-mail, a webhook, ...), which holds secrets and is therefore kept out of the database and of
every message. A line of JSON is one object with the fields of `parcel_json`; before a parcel in
doubt is written again, the end of the file is looked at, so that none is there twice.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
from pathlib import Path
from typing import Any

import structlog

from fink_ad.config import Settings
from fink_ad.errors import ConfigError, StoreError
from fink_ad.review.captions import caption, plain_text
from fink_ad.review.outbox import Outbox, Parcel
from fink_ad.review.pictures import candidate_picture

__all__ = ["SCHEMA_VERSION", "parcel_json", "send_doors"]

SCHEMA_VERSION = 1
"""Of the JSON lines; fields are only ever added within a version."""

_TAIL = 1 << 20  # bytes in which a line in doubt is looked for
_RETRY_SECONDS = 60.0

_log = structlog.get_logger(__name__)


def send_doors(outbox: Outbox, settings: Settings) -> int:
    """Send what is due for all doors; return how much was accepted.

    A door that is not in the settings any more, or does not open, is logged; its parcels wait
    until they are stale.
    """
    n = 0
    for target in outbox.targets("door"):
        name = target.removeprefix("door:")
        while (parcel := outbox.take(target)) is not None:
            try:
                if not outbox.begin(parcel):
                    continue
                message_id = _send(settings, name, parcel)
            except (StoreError, ConfigError) as error:
                _log.warning("door_closed", door=name, error=str(error))
                outbox.postpone(parcel, _RETRY_SECONDS, str(error))
                break
            outbox.accepted(parcel, message_id)
            n += 1
    return n


def parcel_json(parcel: Parcel) -> dict[str, Any]:
    """Return a parcel as JSON: ids are strings, times ISO UTC, unknown numbers null.

    ``id`` names the notification: a reader who has seen it may skip the line.
    """
    one, candidate = parcel.notification, parcel.candidate
    form: dict[str, Any] = {
        "schema": f"fink_ad_candidates/{SCHEMA_VERSION}",
        "id": str(one.id),
        "kind": one.kind,
        "reason": parcel.reason,
    }
    if candidate is None:
        return form | {"text": one.body}
    return form | {
        "survey": one.survey,
        "object_id": candidate.object_id,
        "alert_id": str(candidate.alert_id),
        "population": candidate.population,
        "night": candidate.night,
        "seen_at": candidate.seen_at.isoformat(),
        "ra_deg": _number(candidate.ra_deg),
        "dec_deg": _number(candidate.dec_deg),
        "band": candidate.band,
        "mag": _number(candidate.mag),
        "n_det": candidate.n_det,
        "score": _number(one.score),
        "one_in": _number(one.one_in),
        "beyond": one.beyond,
        "model": one.model,
        "model_revision": one.model_revision,
        "classes": list(candidate.broker_classes),
        "tags": list(candidate.tags),
    }


def _send(settings: Settings, name: str, parcel: Parcel) -> str:
    secret = settings.bot.doors.get(name)
    if secret is None:
        raise ConfigError(f"there is no door {name!r} in the settings; add it to [bot.doors]")
    url = secret.get_secret_value()
    if url.startswith("jsonl:"):
        return _append(Path(url.removeprefix("jsonl:")).expanduser(), parcel)
    return _notify(name, url, parcel)


def _append(path: Path, parcel: Parcel) -> str:
    """Write a line whole, on the disk before it counts as sent."""
    name = str(parcel.notification.id)
    line = json.dumps(parcel_json(parcel), allow_nan=False) + "\n"
    try:
        with path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            size = file.seek(0, os.SEEK_END)
            if parcel.notification.in_doubt:
                file.seek(max(size - _TAIL, 0))
                if f'"id": {json.dumps(name)}'.encode() in file.read():
                    return name
            if size:
                file.seek(size - 1)
                if file.read(1) != b"\n":  # a writer died within its line
                    line = "\n" + line
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from error
    return name


def _notify(name: str, url: str, parcel: Parcel) -> str:
    """Send through apprise; it tells neither a message id nor why it failed."""
    try:
        import apprise
        from apprise.attachment.memory import AttachMemory
    except ImportError as error:
        raise ConfigError("this door needs apprise: pip install 'fink-ad[bot]'") from error
    door = apprise.Apprise()
    if not door.add(url):
        raise ConfigError(f"door {name!r} is no address that apprise understands")
    one, candidate = parcel.notification, parcel.candidate
    body, attached = plain_text(one.body, in_doubt=one.in_doubt), None
    if candidate is not None:
        body = caption(candidate, parcel.reason, in_doubt=one.in_doubt)
        picture = AttachMemory(  # type: ignore[no-untyped-call]
            content=candidate_picture(candidate), name=f"{one.id}.png", mimetype="image/png"
        )
        attached = apprise.AppriseAttachment(picture)
    form = apprise.NotifyFormat.TEXT if candidate is None else apprise.NotifyFormat.HTML
    if not door.notify(body=body, title="fink_ad", body_format=form, attach=attached):
        raise StoreError(f"door {name!r} did not take the message")
    return str(one.id)


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
