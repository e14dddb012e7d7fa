"""What I answered, where others disagree, and how I go along."""

from __future__ import annotations

from datetime import UTC, datetime
from math import isfinite
from pathlib import Path

import streamlit as st

from fink_ad.review import answer_table, pace, to_csv
from fink_ad.review.accounts import new_link_code
from fink_ad.ui.people import leave_button
from fink_ad.ui.session import Session, session
from fink_ad.ui.taking_back import take_back

OBJECT_PAGE = Path(__file__).with_name("object.py")


def answers() -> None:
    """Draw the page."""
    seat = session()
    table = answer_table(seat.desk.store, seat.reviewer)
    if table.empty:
        st.info("You have not answered yet. The page Review shows you the first candidate.")
        _ways_on(seat)
        return
    told = pace(table, datetime.now(UTC))
    known = isfinite(told.median_seconds)
    seconds = f"{told.median_seconds:.1f} s" if known else "-"
    places = st.columns(4)
    places[0].metric("Answers", f"{told.n_answers:,}")
    places[1].metric("In the last 7 days", f"{told.n_week:,}")
    places[2].metric("Median look", seconds)
    places[3].metric("Others disagree", f"{told.n_disagree:,}")
    only = st.toggle("Only where others disagree")
    chosen = table[table["disagree"]] if only else table
    # A selection is the number of a row, so that it ends with the rows it was made in.
    state = hash(tuple(chosen["label_id"].tolist()))
    event = st.dataframe(
        chosen,
        key=f"answers_{state}",
        hide_index=True,
        height=430,
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "label_id": None,
            "answered_at": st.column_config.DatetimeColumn(
                "when (UTC)", format="YYYY-MM-DD HH:mm:ss", timezone="UTC"
            ),
            "object_id": st.column_config.TextColumn("object"),
            "seconds": st.column_config.NumberColumn("looked [s]", format="%.1f"),
            "others": "others say",
            "disagree": "they disagree",
            "channel": "given in",
            "undone": "taken back",
        },
        placeholder="",
        alt="your answers, latest first",
    )
    rows = [row for row in event["selection"]["rows"] if row < len(chosen)]
    one = chosen.iloc[rows[0]] if rows else None
    with st.container(horizontal=True):
        st.button(
            "Take back",
            key="take_back",
            disabled=one is None or bool(one["undone"]),
            on_click=_take_back,
            args=(0 if one is None else int(one["label_id"]),),
        )
        if st.button("Open the object", key="open", disabled=one is None) and one is not None:
            st.switch_page(OBJECT_PAGE, query_params={"object": str(one["object_id"])})
        st.download_button("CSV", lambda: to_csv(chosen), "answers.csv", "text/csv")
    if one is None:
        st.caption("Select a row to take the answer back or to open its object.")
    _ways_on(seat)


def _ways_on(seat: Session) -> None:
    with st.container(horizontal=True):
        link_chat(seat)
        leave_button()


def link_chat(seat: Session) -> None:
    """Offer a code that makes an account of the chat answer as this reviewer."""
    with st.popover("Answer in the chat too"):
        if st.button("Make a code", key="link"):
            made = new_link_code(seat.desk.store, seat.reviewer)
            st.markdown("Send this to the bot, in a chat of your own, within ten minutes:")
            st.code(f"/link {made.code}", language=None)
        else:
            st.caption("A code links your account of the chat to you. It serves once.")


def _take_back(label_id: int) -> None:
    take_back(session(), label_id)


answers()
