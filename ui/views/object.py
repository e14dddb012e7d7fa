"""Everything about one object: all its alerts, scores, stamps, and what people said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from fink_ad.review import Candidate, KeptRecord, object_events, score_table, unpack_stamps
from fink_ad.ui.curve import curve_chart
from fink_ad.ui.evidence import evidence
from fink_ad.ui.naming import named_object
from fink_ad.ui.panels import header_html, opinions_html, stamps_html
from fink_ad.ui.session import Session, session
from fink_ad.ui.tables import show_table
from fink_ad.ui.text import safe

MOST_STAMPS = 8


def one_object() -> None:
    """Draw the page of the object that the address or the reader names."""
    seat = session()
    records = named_object(seat)
    if not records:
        return
    latest = records[-1]
    alert_id = _choose_alert([(one.alert_id, f"{one.mjd_utc:.3f} {one.band}") for one in records])
    candidate = seat.desk.look(
        latest.survey, alert_id, reviewer_id=seat.reviewer.id, with_others=True
    )
    st.html(header_html(candidate, datetime.now(UTC)))
    left, right = st.columns([0.58, 0.42])
    with left:
        picked = curve_chart(seat, candidate)
        _alerts(candidate)
        _stamps_by_date([one for one in records if one.alert_id != alert_id])
        _opinions(seat, candidate)
    with right:
        evidence(seat, candidate, picked)
        _scores(seat, next(one for one in records if one.alert_id == alert_id))
        _events(seat, candidate)


def _choose_alert(alerts: list[tuple[int, str]]) -> int:
    """Let the reader choose which alert to see, the latest at first."""
    if len(alerts) == 1:
        return alerts[0][0]
    times = dict(alerts)
    return st.selectbox(
        "Alert (MJD, band)",
        [one for one, _ in reversed(alerts)],
        format_func=lambda one: times[one],
    )


def _alerts(candidate: Candidate) -> None:
    rows = [vars(one) | {"alert_id": str(one.alert_id)} for one in candidate.object_alerts]
    show_table(
        "Alerts kept",
        pd.DataFrame(rows[::-1]),
        columns={
            "alert_id": "alert",
            "mag": st.column_config.NumberColumn(format="%.2f"),
            "n_det": "detections",
            "score": st.column_config.NumberColumn("score then", format="%.3f"),
            "mjd_utc": st.column_config.NumberColumn("MJD (UTC)", format="%.4f"),
        },
    )


def _stamps_by_date(others: Sequence[KeptRecord]) -> None:
    """Offer the stamps of the other alerts, the latest first."""
    with_stamps = [one for one in reversed(others) if one.stamps][:MOST_STAMPS]
    if not with_stamps:
        return
    with st.expander(f"Stamps of {len(with_stamps)} other dates"):
        for one in with_stamps:
            caption = f"night {one.night}, MJD {one.mjd_utc:.3f}, {safe(one.band)}"
            st.html(stamps_html(unpack_stamps(one.stamps), caption, one.survey))


def _scores(seat: Session, kept: KeptRecord) -> None:
    show_table(
        "What models make of this alert",
        score_table(seat.desk, kept, seat.reviewer),
        "No model knows the features that were kept of it.",
        {
            "score": st.column_config.NumberColumn(format="%.3f"),
            "one in": st.column_config.NumberColumn(
                "1 in", format="%.0f", help="reference alerts with about as many detections"
            ),
        },
    )


def _events(seat: Session, candidate: Candidate) -> None:
    """Draw what happened; of others' answers nothing before one's own."""
    events = object_events(
        seat.desk.store,
        candidate.survey,
        candidate.object_id,
        seat.reviewer,
        with_others=candidate.mine is not None,
    )
    show_table("Events", events, "Nothing happened to it yet.")


def _opinions(seat: Session, candidate: Candidate) -> None:
    st.markdown("**Answers**")
    if candidate.mine is None or candidate.others is None:
        st.caption("What others said is shown once you have answered yourself.")
        return
    st.html(opinions_html((candidate.mine, *candidate.others), datetime.now(UTC)))


one_object()
