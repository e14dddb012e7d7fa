"""What the installed providers see in an object, a tab each; the page knows none of them."""

from __future__ import annotations

import streamlit as st

from fink_ad.review import Sketch
from fink_ad.ui.naming import named_object
from fink_ad.ui.session import session
from fink_ad.ui.text import escaped


def science() -> None:
    """Draw the page."""
    seat = session()
    records = named_object(seat)
    if not records:
        return
    latest = records[-1]
    candidate = seat.desk.look(latest.survey, latest.alert_id, reviewer_id=seat.reviewer.id)
    detections = "one detection" if candidate.n_det == 1 else f"{candidate.n_det} detections"
    st.caption(
        f"The latest kept alert, MJD {latest.mjd_utc:.3f}, {detections}, with the points of all "
        "kept alerts of the object"
    )
    alert = seat.desk.overlays(candidate).alert
    views = seat.desk.science
    for place, view in zip(st.tabs([escaped(one.name) for one in views]), views, strict=True):
        with place:
            _draw(view.name, view.draw(alert))


def _draw(name: str, sketch: Sketch) -> None:
    if sketch.picture is not None:
        st.image(sketch.picture, caption=escaped(name))
    elif sketch.plotly is not None:
        st.plotly_chart(
            dict(sketch.plotly),
            key=f"science_{name}",
            config={"displaylogo": False},
            alt=f"figure of {name}",
        )
    else:
        st.caption(escaped(f"{name}: {sketch.nothing}."))


science()
