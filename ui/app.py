"""The review page: who is looking, which pages there are, and what went wrong, in plain words."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from fink_ad.ui.faults import told_in_words
from fink_ad.ui.people import current_reviewer
from fink_ad.ui.session import enter
from fink_ad.ui.state import shared_desk
from fink_ad.ui.style import STYLE

VIEWS = Path(__file__).with_name("views")

st.set_page_config(page_title="fink_ad review", page_icon=":material/flare:", layout="wide")
st.html(STYLE)
with told_in_words():
    desk = shared_desk()
    enter(desk, current_reviewer(desk.store, desk.settings.ui))
    object_page = st.Page(VIEWS / "object.py", title="Object", icon=":material/search:")
    science = st.Page(VIEWS / "science.py", title="Science", icon=":material/science:")
    page = st.navigation(
        [
            st.Page(VIEWS / "review.py", title="Review", icon=":material/star:", default=True),
            st.Page(VIEWS / "candidates.py", title="Candidates", icon=":material/table:"),
            object_page,
            *([science] if desk.science else []),
            st.Page(VIEWS / "answers.py", title="My answers", icon=":material/history:"),
            st.Page(VIEWS / "models.py", title="Models", icon=":material/forest:"),
            st.Page(VIEWS / "tonight.py", title="Tonight", icon=":material/bedtime:"),
        ],
        position="top",
    )
    asked = st.query_params.get("object")
    if asked and page.url_path == "":  # an address given to somebody need not name the page
        st.switch_page(object_page, query_params={"object": asked})
    page.run()
