"""Answers given elsewhere: read, matched with kept alerts, and stored, or refused row by row."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fink_ad.alerts import SURVEYS
from fink_ad.errors import ReviewError
from fink_ad.review.import_rows import ImportRules, KeptAlerts, RowAnswer, understand
from fink_ad.review.label_files import LabelFile, read_label_file
from fink_ad.store import (
    ANSWERS,
    IMPORT_CHANNEL,
    LabelImport,
    LabelRecord,
    NewLabel,
    ReviewerRecord,
    Store,
)

__all__ = ["ImportRules", "Imported", "Refused", "import_labels", "import_name"]

_NAME = re.compile(r"[\w.-]{1,60}", re.ASCII)
_AT_ONCE = 1000  # answers in a transaction: while it lasts nobody else can answer
_PAUSE_S = 0.1  # between two, so that they do: a waiting writer looks that often


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


def import_labels(store: Store, path: Path, name: str, rules: ImportRules) -> Imported:
    """Take in a file of answers; it judges no model until somebody trusts it.

    A row names an alert or an object. Of an object's kept alerts the one nearest in time to the
    answer is taken, or the strangest if the row has no time; such a row counts less than what
    the same person said here. Answers are stored by the thousand, and meanwhile others can
    answer, too; the same file again stores what is missing, and nothing twice.

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
    people = {reviewer.name: reviewer for reviewer in store.reviewers()}
    matched, refused = _match(store, file, rules, now, people.keys())
    _check_reviewers(people, path, {one.who for one in matched}, rules)
    new, contradicting = _new(store, name, file, matched, people.values())
    n_known = len(matched) - len(new) - len(contradicting)
    refused = sorted([*refused, *contradicting], key=lambda one: one.line)
    if new:
        # Noted first: under the name of another file nothing must be stored. Where nothing is,
        # the name stays free for the file put right.
        store.add_label_import(LabelImport(name, now, file.sha256, len(file.rows), n_stored=0))
    ids = {one.name: one.id for one in people.values()}
    for who in sorted({one.who for one in new.values()} - set(ids)):
        ids[who] = store.add_reviewer(who).id
    labels = [
        NewLabel(
            survey=one.survey,
            alert_id=one.alert_id,
            reviewer_id=ids[one.who],
            answer=one.answer,
            channel=IMPORT_CHANNEL + name,
            answered_at=one.when,
            tags=one.tags,
            note=one.note,
            token=token,
        )
        for token, one in new.items()
    ]
    for first in range(0, len(labels), _AT_ONCE):
        if first:
            time.sleep(_PAUSE_S)
        store.add_labels(labels[first : first + _AT_ONCE])
    return Imported(name, len(file.rows), len(labels), n_known, tuple(refused))


def import_name(path: Path) -> str:
    """Return a name for the import of a file; empty if there is nothing in its own to use."""
    plain = unicodedata.normalize("NFKD", path.stem).encode("ascii", "ignore").decode()
    return re.sub(r"[^\w.-]+", "-", plain, flags=re.ASCII).strip("-.")[:60]


def _check(name: str, rules: ImportRules) -> None:
    if not _NAME.fullmatch(name):
        raise ReviewError(
            f"{name!r} is no name of an import: give one of letters, digits, _, - and . with --name"
        )
    if rules.survey not in SURVEYS:
        raise ReviewError(f"no survey {rules.survey!r}; there are {', '.join(SURVEYS)}")
    for written, answer in (rules.answers or {}).items():
        if answer not in ANSWERS:
            raise ReviewError(
                f"{written!r} cannot mean {answer!r}, which is none of {', '.join(ANSWERS)}"
            )


def _check_reviewers(
    known: dict[str, ReviewerRecord], path: Path, names: set[str], rules: ImportRules
) -> None:
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
    store: Store, file: LabelFile, rules: ImportRules, now: datetime, people: Collection[str]
) -> tuple[list[RowAnswer], list[Refused]]:
    kept: dict[str, KeptAlerts] = {}
    matched: list[RowAnswer] = []
    refused: list[Refused] = []
    earlier: dict[tuple[str, int, str, datetime], RowAnswer] = {}
    for line, row in file.rows:
        survey = row.get("survey", "") or rules.survey
        try:
            if survey not in SURVEYS:
                raise ReviewError(f"no survey {survey!r}")
            if survey not in kept:
                kept[survey] = KeptAlerts.of(store, survey)
            one = understand(line, survey, row, rules, now, kept[survey], people)
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


def _new(
    store: Store,
    name: str,
    file: LabelFile,
    matched: list[RowAnswer],
    people: Collection[ReviewerRecord],
) -> tuple[dict[str, RowAnswer], list[Refused]]:
    """Return what is to be stored, by token, and what this import said otherwise before."""
    names = {one.id: one.name for one in people}
    labels = [label for label in store.labels() if label.retracts is None]
    by_token: dict[str | None, LabelRecord] = {label.token: label for label in labels}
    said = {
        (names[one.reviewer_id], one.survey, one.alert_id, one.answer, one.answered_at)
        for one in labels
    }
    new: dict[str, RowAnswer] = {}
    contradicting = []
    for one in matched:
        token = f"{IMPORT_CHANNEL}{name}:{file.sha256[:16]}:{one.line}"
        stored = by_token.get(token)
        if stored is not None and stored.answer != one.answer:
            reason = (
                f"stored as {stored.answer} before; import the file under another name to say"
                f" {one.answer}: what comes later counts"
            )
            contradicting.append(Refused(one.line, reason))
        elif stored is None and (
            (one.who, one.survey, one.alert_id, one.answer, one.when) not in said
        ):
            new[token] = one
    return new, contradicting
