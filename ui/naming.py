"""Which object is looked at: that of the address, or the one a reader names."""

from __future__ import annotations

import streamlit as st

from fink_ad.review import KeptRecord
from fink_ad.ui.session import Session
from fink_ad.ui.text import escaped

__all__ = ["named_object"]

_MAX_NAME = 200


def named_object(seat: Session) -> tuple[KeptRecord, ...]:
    """Let the reader name an object; return its kept alerts, oldest first, or say why none."""
    asked = st.query_params.get("object", "")[:_MAX_NAME]
    name = st.text_input(
        "Object", value=asked, placeholder="object id", max_chars=_MAX_NAME
    ).strip()
    if not name:
        st.info("Name an object, or select one on the page of the candidates.")
        return ()
    if name != asked:
        st.query_params["object"] = name
    records = seat.desk.store.object_alerts(name)
    if not records:
        st.warning(
            f"No kept alert of {escaped(name)}: candidates, the strangest of each night and a "
            "random share are kept."
        )
    return records
