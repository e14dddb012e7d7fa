"""Take an answer back, and say so, from whichever page it is asked."""

from __future__ import annotations

import streamlit as st

from fink_ad.errors import FinkAdError
from fink_ad.review import LabelRecord, undo
from fink_ad.ui.session import CHANNEL, Session
from fink_ad.ui.text import escaped

__all__ = ["take_back"]


def take_back(seat: Session, label_id: int | None = None) -> LabelRecord | None:
    """Take back an answer of the reviewer's, by default the last; None if it cannot be."""
    try:
        label = undo(seat.desk.store, seat.reviewer, label_id, channel=CHANNEL)
    except FinkAdError as error:
        st.toast(escaped(error))
        return None
    st.toast(f"Taken back: {escaped(label.answer)} of {escaped(label.object_id)}")
    return label
