"""The operator's view: counts that add up, what could not be read, drift, who is at work."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from fink_ad.review import count_table, drift_table, job_table, letter_table, work_table
from fink_ad.ui.session import session
from fink_ad.ui.text import ago

SECONDS = 10.0


@st.fragment(run_every=SECONDS)
def tonight() -> None:
    """Draw the page, and draw it again every few seconds."""
    store, now = session().desk.store, datetime.now(UTC)
    counts = count_table(store)
    last = store.last_commit()
    if counts.empty:
        st.info("Nothing has come in yet: `fink-ad run --source files PATH...` reads alerts.")
    else:
        newest = counts.iloc[0]
        places = st.columns(4)
        places[0].metric("Last alerts stored", ago(last, now))
        places[1].metric(f"In, night {newest['night']}", f"{newest['in']:,}")
        places[2].metric("Scored", f"{newest['scored']:,}")
        places[3].metric("Counts add up", "yes" if counts["adds up"].all() else "NO")
        _table("Counts by night", counts, "")
    left, right = st.columns(2)
    with left:
        _table("At work", work_table(store), "Nobody: no learner, worker or scheduler runs.")
        _table("Could not be read", letter_table(store), "Everything could be read.")
    with right:
        _table("Drift", drift_table(store), "Not measured yet; the scheduler does, every night.")
        _table("Jobs", job_table(store), "No job has run yet; `fink-ad scheduler` runs them.")


def _table(title: str, table: pd.DataFrame, nothing: str) -> None:
    st.markdown(f"**{title}**")
    if table.empty:
        st.caption(nothing)
    else:
        st.dataframe(table, hide_index=True, alt=title)


tonight()
