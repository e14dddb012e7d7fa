"""What speaks for and against a candidate: stamps, links, features, neighbours."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from fink_ad.review import Candidate, tiny_histogram, unpack_stamps
from fink_ad.ui.panels import (
    chips_html,
    features_html,
    links_html,
    neighbours_html,
    stamps_html,
)
from fink_ad.ui.session import Session

__all__ = ["evidence"]


def evidence(seat: Session, candidate: Candidate, picked: int | None) -> None:
    """Draw the right half of the screen; stamps are those of the point that was clicked."""
    stamps, caption = _stamps(seat, candidate, picked)
    st.html(stamps_html(stamps, caption, candidate.survey))
    st.html(links_html(candidate.links) + chips_html(candidate.broker_classes, candidate.tags))
    model = seat.desk.model(candidate.strangeness.revision)
    histograms = [
        None if model is None else tiny_histogram(model, one.name, one.value)
        for one in candidate.features
    ]
    st.html(features_html(candidate.features, histograms))
    st.html(neighbours_html(candidate.neighbours))


def _stamps(
    seat: Session, candidate: Candidate, picked: int | None
) -> tuple[Mapping[str, bytes | None], str]:
    """Return the stamps to show, and a line that says whose they are."""
    other = next(
        (one for one in candidate.object_alerts if one.alert_id in (picked,)),
        None,
    )
    if other is None or other.alert_id == candidate.alert_id:
        known = "no kept stamps at that point; " if picked not in (None, candidate.alert_id) else ""
        return candidate.stamps, f"{known}stamps of this alert"
    kept = next(iter(seat.desk.store.kept(candidate.survey, [other.alert_id])), None)
    stamps = unpack_stamps(kept.stamps if kept is not None else None)
    return stamps, f"stamps of the point clicked, MJD {other.mjd_utc:.3f} {other.band}"
