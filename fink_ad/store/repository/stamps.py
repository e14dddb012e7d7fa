"""Stamps of a night: with its best alerts, the random share, the labelled and the watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from fink_ad.store.records import KeptFor, KeptRecord
from fink_ad.store.tables import KeptAlert

__all__ = ["WITH_STAMPS", "Bound", "Night", "stamps_bound", "trim_stamps", "without_late_stamps"]

WITH_STAMPS = KeptFor.RANDOM | KeptFor.LABELLED | KeptFor.WATCHED
"""Reasons to keep an alert with its stamps, whatever its score."""

Night = tuple[str, str, int]
"""Survey, population and night."""

Bound = tuple[float, int]
"""Score and id of the last alert that has its stamps for its score."""


def stamps_bound(connection: Connection, night: Night, n_stamps: int) -> Bound | None:
    """Return score and id of the last alert of a night with stamps; None if there is room."""
    if n_stamps < 1:
        return None
    query = (
        select(KeptAlert.score, KeptAlert.alert_id)
        # Who is in the reservoir alone has no stamps, and may leave it.
        .where(*_in_night(night), KeptAlert.kept_for != int(KeptFor.REFERENCE))
        .order_by(KeptAlert.score.desc(), KeptAlert.alert_id)
        .offset(n_stamps - 1)
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.score, row.alert_id)


def without_late_stamps(
    record: KeptRecord,
    bounds: Mapping[Night, Bound | None],
    n_stamps: int,
) -> KeptRecord:
    """Return an alert without its stamps if better ones of its night have taken all places."""
    if record.stamps is None or record.kept_for & WITH_STAMPS:
        return record
    bound = bounds[record.survey, record.population, record.night]
    if bound is None and n_stamps > 0:
        return record
    if bound is None or (-record.score, record.alert_id) > (-bound[0], bound[1]):
        return replace(record, stamps=None)
    return record


def trim_stamps(
    connection: Connection,
    night: Night,
    n_stamps: int,
    before: Bound | None,
) -> None:
    """Take the stamps from those that new alerts have pushed out of the best of a night."""
    bound = stamps_bound(connection, night, n_stamps)
    if bound is None or bound == before:
        return
    # What lay below the old bound lost its stamps earlier: few alerts are looked at.
    pushed_out = [_is_below(bound)] if before is None else [_is_below(bound), ~_is_below(before)]
    connection.execute(
        update(KeptAlert)
        .where(*_in_night(night), *pushed_out)
        .where(KeptAlert.stamps.is_not(None))
        .where(KeptAlert.kept_for.bitwise_and(int(WITH_STAMPS)) == 0)
        .values(stamps=None)
    )


def _is_below(bound: Bound) -> ColumnElement[bool]:
    score, alert_id = bound
    same = and_(KeptAlert.score == score, KeptAlert.alert_id > alert_id)
    return or_(KeptAlert.score < score, same)


def _in_night(night: Night) -> tuple[ColumnElement[bool], ...]:
    survey, population, one = night
    return (
        KeptAlert.survey == survey,
        KeptAlert.population == population,
        KeptAlert.night == one,
    )
