"""Rows of a file of answers: understood, or refused with the reason."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import POPULATIONS
from fink_ad.alerts.times import MJD_EPOCH
from fink_ad.errors import ReviewError
from fink_ad.review.labels import checked_note, checked_tags
from fink_ad.review.people import checked_name
from fink_ad.store import ANSWERS, Store
from fink_ad.store.records import Answer

__all__ = ["ImportRules", "KeptAlerts", "RowAnswer", "understand"]

_WHOLE = re.compile(r"-?\d{1,19}", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?", re.ASCII)
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_CLOCK_SLACK = timedelta(days=1)  # a time without a zone may be local


@dataclass(frozen=True)
class ImportRules:
    """How a file of answers is to be understood.

    Attributes
    ----------
    survey : str
        Of rows that name none.
    columns : mapping of str to str
        Names of columns, by key of `fink_ad.review.label_files.COLUMNS`.
    answers : mapping of str to str
        What is written in the file, and which of `fink_ad.store.ANSWERS` it means; those mean
        themselves.
    reviewer : str
        Who answered, in rows that name nobody.
    create_reviewers : bool
        Add reviewers there are not yet.
    """

    survey: str = "ztf"
    columns: Mapping[str, str] | None = None
    answers: Mapping[str, str] | None = None
    reviewer: str = ""
    create_reviewers: bool = False


@dataclass(frozen=True)
class RowAnswer:
    """A row that was understood."""

    line: int
    survey: str
    alert_id: int
    who: str
    answer: Answer
    when: datetime
    tags: tuple[str, ...]
    note: str


def understand(
    line: int,
    survey: str,
    row: Mapping[str, str],
    rules: ImportRules,
    now: datetime,
    kept: KeptAlerts,
    people: Collection[str],
) -> RowAnswer:
    """Return what a row says.

    A row without a time counts from the first kept alert of the object on: so an answer given
    here, which must be later, stands above it.

    Parameters
    ----------
    kept : KeptAlerts
        Of the survey.
    people : collection of str
        Names that are known; others are checked.

    Raises
    ------
    ReviewError
        If it says nothing that makes sense.
    """
    if row.get("undone", "").lower() == "true":
        raise ReviewError("the answer was taken back")
    answer = _answer(row["answer"], rules)
    who = row.get("who", "") or rules.reviewer
    if not who:
        raise ReviewError("nobody is named who answered")
    if who not in people:
        who = checked_name(who)
    when = _time(row.get("when", ""), now)
    alert, name = row.get("alert", ""), row.get("object", "")
    alert_id = kept.find(alert, name, when)
    seen_at = kept.seen_at(alert_id)
    if alert and when is not None and seen_at is not None and when < seen_at - _CLOCK_SLACK:
        raise ReviewError(
            f"alert {alert_id} was answered at {when:%Y-%m-%d %H:%M} and seen only at"
            f" {seen_at:%Y-%m-%d %H:%M}"
        )
    when = when or min(kept.first_seen_at(alert_id) or _EARLIEST, now)
    tags = checked_tags(_tags(row.get("tags", "")))
    return RowAnswer(
        line, survey, alert_id, who, answer, when, tags, checked_note(row.get("note", ""))
    )


def _answer(written: str, rules: ImportRules) -> Answer:
    meant = (rules.answers or {}).get(written, written)
    for answer in ANSWERS:
        if answer == meant:
            return answer
    raise ReviewError(
        f"{written[:50]!r} is no answer; say what it means with --map {written[:50]}=..."
        if written
        else "there is no answer"
    )


def _tags(text: str) -> list[str]:
    """Read tags, by commas or as a list in JSON."""
    if not text.startswith("["):
        return text.split(",")
    try:
        return [str(tag) for tag in json.loads(text)]
    except (ValueError, RecursionError):
        raise ReviewError(
            f"tags {text[:50]!r} are no list in JSON; write them by commas, without brackets"
        ) from None


def _time(text: str, now: datetime) -> datetime | None:
    """Read an ISO 8601 time, UTC unless it says otherwise, or an MJD."""
    if not text:
        return None
    try:
        if _NUMBER.fullmatch(text):
            when = MJD_EPOCH + timedelta(days=float(text))
        else:
            when = datetime.fromisoformat(text)
            when = when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ReviewError(
            f"{text[:50]!r} is no time; write 2026-03-01T22:10:00Z, or an MJD"
        ) from None
    if when < _EARLIEST:
        raise ReviewError(f"{text[:50]!r} lies before 1900; write 2026-03-01T22:10:00Z, or an MJD")
    if when > now:
        raise ReviewError(f"{text[:50]!r} lies in the future")
    return when


@dataclass(frozen=True)
class KeptAlerts:
    """The kept alerts of a survey, to be found by alert or by object."""

    place: dict[int, int]
    rows: dict[str, NDArray[np.int64]]
    alert_id: NDArray[np.int64]
    object_id: NDArray[np.object_]
    mjd_utc: NDArray[np.float64]
    score: NDArray[np.float64]

    @classmethod
    def of(cls, store: Store, survey: str) -> KeptAlerts:
        """Read them, of both populations."""
        parts = [store.kept_index(survey, population) for population in POPULATIONS]
        alert_id, mjd, score, objects = (
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("alert_id", "mjd_utc", "score", "object_id")
        )
        order = np.argsort(objects, kind="stable") if len(objects) else np.empty(0, np.int64)
        names, first = np.unique(objects[order].astype(str), return_index=True)
        rows = dict(zip(names.tolist(), np.split(order, first[1:])[: len(names)], strict=True))
        place = {one: row for row, one in enumerate(alert_id.tolist())}
        return cls(place, rows, alert_id, objects, mjd, score)

    def find(self, alert: str, name: str, when: datetime | None) -> int:
        """Return the kept alert a row is about."""
        if alert:
            return self._alert(alert, name)
        if not name:
            raise ReviewError("neither an alert nor an object is named")
        rows = self.rows.get(name)
        if rows is None:
            raise ReviewError(f"no alert of object {name[:50]!r} is kept")
        if when is None:
            return int(self.alert_id[rows[np.argmax(self.score[rows])]])
        asked = (when - MJD_EPOCH) / timedelta(days=1)
        away = np.abs(self.mjd_utc[rows] - asked)
        return int(self.alert_id[rows[np.argmin(np.where(np.isfinite(away), away, np.inf))]])

    def seen_at(self, alert_id: int) -> datetime | None:
        """Return when an alert was exposed, None if unknown."""
        return _datetime(float(self.mjd_utc[self.place[alert_id]]))

    def first_seen_at(self, alert_id: int) -> datetime | None:
        """Return when the first kept alert of its object was exposed, None if unknown."""
        rows = self.rows[str(self.object_id[self.place[alert_id]])]
        return _datetime(float(np.fmin.reduce(self.mjd_utc[rows])))

    def _alert(self, alert: str, name: str) -> int:
        if not _WHOLE.fullmatch(alert):
            raise ReviewError(
                f"alert {alert[:50]!r} is no whole number; a table program may have rounded it"
            )
        alert_id = int(alert)
        if alert_id not in self.place:
            raise ReviewError(f"alert {alert_id} is not kept")
        its_object = self.object_id[self.place[alert_id]]
        if name and name != its_object:
            raise ReviewError(f"alert {alert_id} is of {its_object}, not {name[:50]!r}")
        return alert_id


def _datetime(mjd_utc: float) -> datetime | None:
    return MJD_EPOCH + timedelta(days=mjd_utc) if np.isfinite(mjd_utc) else None
