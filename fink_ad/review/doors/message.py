"""A parcel as JSON: what brokers and target managers read, documented in docs/doors.md."""

from __future__ import annotations

import json
import math
from typing import Any

from fink_ad.review.outbox import Parcel

__all__ = ["SCHEMA_VERSION", "TOPIC", "parcel_bytes", "parcel_json", "schema_name"]

TOPIC = "fink_ad_candidates"

SCHEMA_VERSION = 1
"""Of the JSON; fields are only ever added within a version."""


def schema_name() -> str:
    """Return what a message says of its schema."""
    return f"{TOPIC}/{SCHEMA_VERSION}"


def parcel_bytes(parcel: Parcel) -> bytes:
    """Return a parcel as one line of JSON, UTF-8, without its end."""
    return json.dumps(parcel_json(parcel), allow_nan=False).encode()


def parcel_json(parcel: Parcel) -> dict[str, Any]:
    """Return a parcel as JSON: ids are strings, times ISO UTC, unknown numbers null.

    ``id`` names the notification: a reader who has seen it may skip the message.
    """
    one, candidate = parcel.notification, parcel.candidate
    form: dict[str, Any] = {
        "schema": schema_name(),
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


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
