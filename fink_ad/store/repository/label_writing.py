"""Answers into the database, by the thousand as by the one: a few statements for all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from fink_ad.errors import StoreError
from fink_ad.store.records import ANSWERS, KeptFor, LabelRecord, NewLabel
from fink_ad.store.repository.kept import mark_kept
from fink_ad.store.repository.part import columns_of, records_of
from fink_ad.store.repository.reviewers import check_reviewer
from fink_ad.store.repository.showings import end_leases
from fink_ad.store.tables import KeptAlert, Label
from fink_ad.store.upserts import table_of

__all__ = ["store_labels"]

_FROM_ALERT = ("survey", "alert_id", "object_id", "population", "feature_schema", "features")
_CONTENT = ("survey", "alert_id", "reviewer_id", "answer", "tags", "note")
_COLUMNS = columns_of(Label, LabelRecord)
_CHUNK = 1000  # databases limit how many values a statement may have

_Key = tuple[int, str, int, str, datetime]


def store_labels(
    connection: Connection,
    labels: Sequence[NewLabel],
    now: datetime,
    drawn_at: datetime | None = None,
) -> tuple[LabelRecord, ...]:
    """Store answers that were not sent before, and end their reviewers' leases of the objects.

    Parameters
    ----------
    drawn_at : datetime.datetime, optional
        Refuse an answer if another one of its reviewer about the object, given since, stands.

    Returns
    -------
    tuple of LabelRecord
        As they are stored, in the order of `labels`.

    Raises
    ------
    StoreError
        As `Store.add_label`.
    """
    for said in sorted({label.answer for label in labels}.difference(ANSWERS)):
        raise StoreError(f"answer {said!r} is not one of {', '.join(ANSWERS)}")
    for reviewer_id in sorted({label.reviewer_id for label in labels}):
        check_reviewer(connection, reviewer_id)
    stored: list[LabelRecord] = []
    for first in range(0, len(labels), _CHUNK):
        stored += _store(connection, labels[first : first + _CHUNK], drawn_at)
    end_leases(connection, {(one.reviewer_id, one.survey, one.object_id) for one in stored}, now)
    return tuple(stored)


def _store(
    connection: Connection, labels: Sequence[NewLabel], drawn_at: datetime | None
) -> list[LabelRecord]:
    known, by_token = _sent_before(connection, labels)
    for label in labels:
        if label.token in by_token:
            _check_content(label, by_token[label.token])
    new: dict[_Key, NewLabel] = {}
    for label in labels:
        if label.token not in by_token and _key(label) not in known:
            new.setdefault(_key(label), label)
    alerts = _alerts(connection, new.values())
    if drawn_at is not None:
        for label in new.values():
            alert = alerts[label.survey, label.alert_id]
            _check_unanswered(connection, label, alert["object_id"], drawn_at)
    rows = [
        vars(label) | alerts[label.survey, label.alert_id] | {"token": label.token or None}
        for label in new.values()
    ]
    if rows:
        # Row by row in one call, so that labels are numbered as they were given. Nobody else
        # adds any meanwhile: writers of labels take turns.
        before = connection.execute(select(func.coalesce(func.max(Label.id), 0))).scalar_one()
        connection.execute(insert(Label), rows)
        added = connection.execute(select(*_COLUMNS).where(Label.id > before))
        known |= {_key(one): one for one in records_of(LabelRecord, added)}
    return [by_token.get(label.token) or known[_key(label)] for label in labels]


def _key(label: NewLabel | LabelRecord) -> _Key:
    """Return what makes an answer without a token the same as another."""
    return label.reviewer_id, label.survey, label.alert_id, label.answer, label.answered_at


def _sent_before(
    connection: Connection, labels: Sequence[NewLabel]
) -> tuple[dict[_Key, LabelRecord], dict[str, LabelRecord]]:
    """Return what is stored about the same alerts, and what was stored by the same tokens."""
    query = select(*_COLUMNS)
    same = query.where(
        Label.reviewer_id.in_({label.reviewer_id for label in labels}),
        Label.survey.in_({label.survey for label in labels}),
        Label.alert_id.in_({label.alert_id for label in labels}),
    )
    known = {_key(one): one for one in records_of(LabelRecord, connection.execute(same))}
    tokens = {label.token for label in labels if label.token}
    sent = query.where(Label.token.in_(tokens)) if tokens else None
    found = () if sent is None else records_of(LabelRecord, connection.execute(sent))
    return known, {one.token: one for one in found if one.token}


def _check_content(label: NewLabel, stored: LabelRecord) -> None:
    sent = vars(label) | {"tags": tuple(label.tags)}
    other = [name for name in _CONTENT if getattr(stored, name) != sent[name]]
    if other:
        raise StoreError(
            f"token {label.token!r} belongs to label {stored.id}, whose {other[0]} is"
            " another; give every answer a token of its own"
        )


def _alerts(
    connection: Connection, labels: Iterable[NewLabel]
) -> dict[tuple[str, int], dict[str, Any]]:
    """Return what labels take from their alerts, which are kept from now on."""
    wanted: dict[str, list[int]] = defaultdict(list)
    for label in labels:
        wanted[label.survey].append(label.alert_id)
    table = table_of(KeptAlert)
    columns = [table.c[name] for name in _FROM_ALERT]
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for survey, ids in wanted.items():
        # Marked before they are read: who lets go of alerts at the same time leaves these.
        mark_kept(connection, survey, ids, KeptFor.LABELLED)
        query = select(*columns).where(KeptAlert.survey == survey, KeptAlert.alert_id.in_(ids))
        rows: Iterable[Row[Any]] = connection.execute(query)
        found |= {(survey, row.alert_id): dict(row._mapping) for row in rows}
        missing = [alert_id for alert_id in ids if (survey, alert_id) not in found]
        if missing:
            raise StoreError(
                f"{survey} alert {missing[0]} is not kept and cannot be"
                " labelled; label a kept alert of the same object"
            )
    return found


def _check_unanswered(
    connection: Connection, label: NewLabel, object_id: str, drawn_at: datetime
) -> None:
    undone = select(Label.retracts).where(
        Label.reviewer_id == label.reviewer_id, Label.retracts.is_not(None)
    )
    standing = select(Label.id, Label.answer).where(
        Label.reviewer_id == label.reviewer_id,
        Label.survey == label.survey,
        Label.object_id == object_id,
        Label.answered_at >= drawn_at,
        Label.answer != "retracted",
        Label.id.not_in(undone),
    )
    row = connection.execute(standing.order_by(Label.id.desc()).limit(1)).one_or_none()
    if row is not None:
        raise StoreError(
            f"{object_id!r} was answered meanwhile: {row.answer}, label {row.id}; take that back"
            " to answer anew"
        )
