"""All candidates of all nights: filter, look at the sky, open one, take the table away."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from fink_ad.review import is_marked, marks_of, to_csv, to_votable
from fink_ad.ui.figures import sky_map
from fink_ad.ui.lists import choose_list
from fink_ad.ui.session import Session, session

OBJECT_PAGE = Path(__file__).with_name("object.py")
UNITS = {
    "magnitude": "mag",
    "ra_deg": "deg",
    "dec_deg": "deg",
    "l_deg": "deg",
    "b_deg": "deg",
    "mjd_utc": "d",
}
_TABLE, _DRAWN = "candidates", "objects_of_the_table"  # in the session
HIDDEN = ("alert_id", "model_revision", "l_deg", "b_deg", "mjd_utc", "reasons")


def candidates() -> None:
    """Draw the page."""
    _open_the_row_clicked()
    seat = session()
    if not choose_list(seat):
        st.info("No candidates yet: no alerts have come in.")
        return
    origins = seat.desk.store.candidate_nights(seat.survey, seat.population)
    if not origins:
        st.info("No candidates here. The rarer an alert, the sooner it is one; see `fink-ad run`.")
        return
    with st.container(key="filters"):
        places = st.columns([1, 1.2, 1.4, 1.2, 1, 1, 1], vertical_alignment="bottom")
    night, model = _choose_origin(places, origins)
    table = seat.desk.candidates(
        seat.survey, seat.population, seat.reviewer.id, night=night, revision=model
    )
    chosen = _filtered(places[2:], table)
    st.caption(
        f"{len(chosen):,} of {len(table):,} objects, each by its strangest alert. "
        "Select a row or a point of the map to open the object."
    )
    left, right = st.columns([0.64, 0.36])
    with left:
        _list(chosen)
    with right:
        answered = chosen["answer"].to_numpy() != ""
        event = st.plotly_chart(
            sky_map(chosen["ra_deg"], chosen["dec_deg"], list(chosen["object_id"]), answered),
            key="sky",
            height=330,
            on_select="rerun",
            selection_mode="points",
            config={"displaylogo": False},
            alt=f"map of the sky with {len(chosen)} candidates",
        )
        for point in event["selection"]["points"][:1]:
            _open(point["customdata"])
        st.caption("Equatorial, RA 180° in the middle and growing to the left, north up.")
        _downloads(seat, chosen)


def _choose_origin(
    places: Sequence[DeltaGenerator], origins: Sequence[tuple[int, str]]
) -> tuple[int | None, str | None]:
    """Let the reader choose a night and a model; None is all.

    An object counts on every night on which it was a candidate, whichever was its strangest.
    """
    nights = list(dict.fromkeys(night for night, _ in origins))
    night = places[0].selectbox("Night", [None, *nights], format_func=lambda one: str(one or "all"))
    models = list(dict.fromkeys(model for _, model in origins))
    model = places[1].selectbox(
        "Model", [None, *models], format_func=lambda one: one[:12] if one else "all"
    )
    return night, model


def _filtered(places: Sequence[DeltaGenerator], table: pd.DataFrame) -> pd.DataFrame:
    """Draw the other filters and return the rows that pass all of them."""
    marks = places[0].multiselect("Class or tag", marks_of(table), placeholder="any")
    words = places[1].text_input("Object, class or tag", placeholder="part of the name").strip()
    faint = places[2].number_input("Magnitude ≤", value=None, step=0.5, placeholder="any")
    rare = places[3].number_input("1 in ≥", value=None, min_value=1, step=100, placeholder="any")
    answered = places[4].selectbox("Answered by me", ["all", "no", "yes"])
    passes = pd.Series(True, index=table.index)
    if marks:
        passes &= is_marked(table, marks)
    if words:
        found = [table[name].str.contains(words, case=False, regex=False) for name in _TEXTS]
        passes &= pd.concat(found, axis=1).any(axis=1)
    if faint is not None:
        passes &= table["magnitude"] <= faint
    if rare is not None:
        passes &= table["one_in"] >= rare
    if answered != "all":
        passes &= (table["answer"] != "") == (answered == "yes")
    return table[passes]


_TEXTS = ("object_id", "classes", "tags")


def _list(table: pd.DataFrame) -> None:
    number = st.column_config.NumberColumn
    st.session_state[_DRAWN] = table["object_id"].tolist()
    st.dataframe(
        table.drop(columns=list(HIDDEN)),
        key=_TABLE,
        height=560,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "place": number("#", width=50),
            "n_det": "detections",
            "answer": "my answer",
            "object_id": st.column_config.TextColumn("object"),
            "one_in": number("1 in", format="%.0f"),
            "magnitude": number("mag", format="%.2f"),
            "score": number(format="%.3f"),
            "ra_deg": number("ra [deg]", format="%.4f"),
            "dec_deg": number("dec [deg]", format="%.4f"),
        },
        placeholder="",
        alt="candidates, strangest first",
    )


def _open_the_row_clicked() -> None:
    """Open the object that stood in the row when it was clicked.

    A click tells the number of the row only, and alerts may have come in since the table was drawn.
    """
    drawn = st.session_state.get(_DRAWN, [])
    clicked = st.session_state.get(_TABLE, {"selection": {"rows": []}})
    for row in clicked["selection"]["rows"]:
        if row < len(drawn):
            _open(drawn[row])


def _open(object_id: str) -> None:
    st.session_state.pop(_DRAWN, None)
    st.switch_page(OBJECT_PAGE, query_params={"object": str(object_id)})


def _downloads(seat: Session, table: pd.DataFrame) -> None:
    name = f"candidates_{seat.survey}_{seat.population}"
    with st.container(horizontal=True):
        st.download_button(
            "CSV", lambda: to_csv(table), f"{name}.csv", "text/csv", icon=":material/download:"
        )
        st.download_button(
            "VOTable",
            lambda: to_votable(table, UNITS),
            f"{name}.vot",
            "application/x-votable+xml",
            icon=":material/download:",
        )


candidates()
