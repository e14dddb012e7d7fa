"""Answers given elsewhere: read, matched with kept alerts, and stored, or refused row by row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import POPULATIONS, SURVEYS
from fink_ad.errors import ReviewError
from fink_ad.review.label_files import LabelFile, read_label_file
from fink_ad.review.labels import IMPORT_CHANNEL, checked_note, checked_tags
from fink_ad.store import ANSWERS, LabelImport, NewLabel, Store

__all__ = ["ImportRules", "Imported", "Refused", "import_labels"]

_NAME = re.compile(r"[\w.-]{1,60}", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,19}", re.ASCII)
_MJD_EPOCH = datetime(1858, 11, 17, tzinfo=UTC)
_MJD_RANGE = (15_020.0, 88_069.0)  # 1900 to 2100


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
class Refused:
    """A row that became no answer, and why."""

    line: int
    reason: str


@dataclass(frozen=True)
class Imported:
    """What became of a file: ``n_rows = n_stored + n_known + len(refused)``.

    Attributes
    ----------
    n_stored, n_known : int
        Rows stored now, and those that were known: brought before, or given here.
    """

    name: str
    n_rows: int
    n_stored: int
    n_known: int
    refused: tuple[Refused, ...]


@dataclass(frozen=True)
class _Answer:
    """A row that was understood."""

    line: int
    survey: str
    alert_id: int
    who: str
    answer: str
    when: datetime | None
    tags: tuple[str, ...]
    note: str


def import_labels(store: Store, path: Path, name: str, rules: ImportRules) -> Imported:
    """Take in a file of answers; it judges no model until somebody trusts it.

    A row names an alert or an object. Of an object's kept alerts the one nearest in time to the
    answer is taken, or the strangest if the row has no time. All rows that can be matched are
    stored in one transaction; the same file again changes nothing.

    Parameters
    ----------
    name : str
        Of the import: letters, digits, ``_``, ``-`` and ``.``.

    Raises
    ------
    ReviewError
        If the file cannot be read, a rule makes no sense, or there are reviewers in it who are
        unknown (unless they are to be created) or retired.
    StoreError
        If another file was imported under that name.
    """
    _check(name, rules)
    file = read_label_file(path, rules.columns)
    now = datetime.now(UTC)
    matched, refused = _match(store, file, rules, now)
    names = {reviewer.id: reviewer.name for reviewer in store.reviewers()}
    _check_reviewers(store, path, {one.who for one in matched}, rules)
    labels = store.labels()
    tokens = {label.token for label in labels}
    said = {
        (names[one.reviewer_id], one.survey, one.alert_id, one.answer, one.answered_at)
        for one in labels
    }
    new = [
        (one, token)
        for one in matched
        if (token := f"{IMPORT_CHANNEL}{file.sha256[:16]}:{one.line}") not in tokens
        and (one.who, one.survey, one.alert_id, one.answer, one.when) not in said
    ]
    # Noted first: under the name of another file nothing must be stored.
    store.add_label_import(
        LabelImport(name, now, file.sha256, n_rows=len(file.rows), n_stored=len(new))
    )
    known = {who: number for number, who in names.items()}
    for who in sorted({one.who for one, _ in new} - set(known)):
        known[who] = store.add_reviewer(who).id
    store.add_labels(
        [
            NewLabel(
                survey=one.survey,
                alert_id=one.alert_id,
                reviewer_id=known[one.who],
                answer=next(answer for answer in ANSWERS if answer == one.answer),
                channel=IMPORT_CHANNEL + name,
                answered_at=one.when or now,
                tags=one.tags,
                note=one.note,
                token=token,
            )
            for one, token in new
        ]
    )
    return Imported(name, len(file.rows), len(new), len(matched) - len(new), tuple(refused))


def _check(name: str, rules: ImportRules) -> None:
    if not _NAME.fullmatch(name):
        raise ReviewError(f"{name!r} is no name of an import: use letters, digits, _, - and .")
    if rules.survey not in SURVEYS:
        raise ReviewError(f"no survey {rules.survey!r}; there are {', '.join(SURVEYS)}")
    for written, answer in (rules.answers or {}).items():
        if answer not in ANSWERS:
            raise ReviewError(
                f"{written!r} cannot mean {answer!r}, which is none of {', '.join(ANSWERS)}"
            )


def _check_reviewers(store: Store, path: Path, names: set[str], rules: ImportRules) -> None:
    known = {reviewer.name: reviewer for reviewer in store.reviewers()}
    retired = sorted(name for name in names if name in known and not known[name].active)
    if retired:
        raise ReviewError(
            f"{path}: reviewer {retired[0]!r} is retired; fink-ad reviewers add lets them back"
        )
    unknown = sorted(names - set(known))
    if unknown and not rules.create_reviewers:
        told = ", ".join(map(repr, unknown[:5])) + (", ..." if len(unknown) > 5 else "")
        raise ReviewError(
            f"{path}: no reviewer {told}; add them with fink-ad reviewers add, or let the import"
            " create them (--create-reviewers)"
        )


def _match(
    store: Store, file: LabelFile, rules: ImportRules, now: datetime
) -> tuple[list[_Answer], list[Refused]]:
    kept: dict[str, _KeptAlerts] = {}
    matched: list[_Answer] = []
    refused: list[Refused] = []
    earlier: dict[tuple[str, int, str, datetime | None], _Answer] = {}
    for line, row in file.rows:
        survey = row.get("survey", "").strip() or rules.survey
        try:
            if survey not in SURVEYS:
                raise ReviewError(f"no survey {survey!r}")
            if survey not in kept:
                kept[survey] = _KeptAlerts.of(store, survey)
            one = _understand(line, survey, row, rules, now, kept[survey])
            same = (one.survey, one.alert_id, one.who, one.when)
            before = earlier.setdefault(same, one)
            if before is not one:
                says = "says the same as" if before.answer == one.answer else "contradicts"
                raise ReviewError(f"{says} line {before.line}")
        except ReviewError as error:
            refused.append(Refused(line, str(error)))
        else:
            matched.append(one)
    return matched, refused


def _understand(
    line: int,
    survey: str,
    row: Mapping[str, str],
    rules: ImportRules,
    now: datetime,
    kept: _KeptAlerts,
) -> _Answer:
    if row.get("undone", "").strip().lower() == "true":
        raise ReviewError("the answer was taken back")
    written = row["answer"].strip()
    answer = (rules.answers or {}).get(written, written)
    if answer not in ANSWERS:
        raise ReviewError(
            f"{written[:50]!r} is no answer; say what it means with --map {written[:50]}=..."
            if written
            else "there is no answer"
        )
    who = row.get("who", "").strip() or rules.reviewer
    if not who or not who.isprintable() or len(who) > 100:
        raise ReviewError("nobody is named who answered" if not who else "no name of a reviewer")
    when = _time(row.get("when", "").strip(), now)
    alert_id = kept.find(row.get("alert", "").strip(), row.get("object", "").strip(), when)
    tags = row.get("tags", "").strip().strip("[]").replace('"', "").split(",")
    note = checked_note(row.get("note", ""))
    return _Answer(line, survey, alert_id, who, answer, when, checked_tags(tags), note)


def _time(text: str, now: datetime) -> datetime | None:
    """Read an ISO 8601 time, UTC unless it says otherwise, or an MJD."""
    if not text:
        return None
    try:
        mjd = float(text)
    except ValueError:
        try:
            when = datetime.fromisoformat(text)
        except ValueError:
            raise ReviewError(f"{text[:50]!r} is no time; write 2026-03-01T22:10:00Z") from None
        when = when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    else:
        if not _MJD_RANGE[0] <= mjd <= _MJD_RANGE[1]:
            raise ReviewError(f"{text[:50]!r} is no MJD; write that, or 2026-03-01T22:10:00Z")
        when = _MJD_EPOCH + timedelta(days=mjd)
    if when > now:
        raise ReviewError(f"{text[:50]!r} lies in the future")
    return when


@dataclass(frozen=True)
class _KeptAlerts:
    """The kept alerts of a survey, to be found by alert or by object."""

    objects: dict[int, str]
    rows: dict[str, NDArray[np.int64]]
    alert_id: NDArray[np.int64]
    mjd_utc: NDArray[np.float64]
    score: NDArray[np.float64]

    @classmethod
    def of(cls, store: Store, survey: str) -> _KeptAlerts:
        parts = [store.kept_index(survey, population) for population in POPULATIONS]
        alert_id, mjd, score, objects = (
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("alert_id", "mjd_utc", "score", "object_id")
        )
        order = np.argsort(objects, kind="stable") if len(objects) else np.empty(0, np.int64)
        names, first = np.unique(objects[order].astype(str), return_index=True)
        rows = dict(zip(names.tolist(), np.split(order, first[1:])[: len(names)], strict=True))
        return cls(
            dict(zip(alert_id.tolist(), objects.tolist(), strict=True)), rows, alert_id, mjd, score
        )

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
        asked = (when - _MJD_EPOCH) / timedelta(days=1)
        return int(self.alert_id[rows[np.argmin(np.abs(self.mjd_utc[rows] - asked))]])

    def _alert(self, alert: str, name: str) -> int:
        if not _WHOLE.fullmatch(alert):
            raise ReviewError(
                f"alert {alert[:50]!r} is no whole number; a table program may have rounded it"
            )
        alert_id = int(alert)
        if alert_id not in self.objects:
            raise ReviewError(f"alert {alert_id} is not kept")
        if name and name != self.objects[alert_id]:
            raise ReviewError(f"alert {alert_id} is of {self.objects[alert_id]}, not {name[:50]!r}")
        return alert_id
