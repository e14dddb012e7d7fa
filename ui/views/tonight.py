"""The operator's view: what comes in, counts that add up, drift, who is at work."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from fink_ad.review import (
    Store,
    count_table,
    drift_table,
    intake,
    job_table,
    letter_table,
    work_table,
)
from fink_ad.ui.refreshing import refreshing
from fink_ad.ui.session import Session, session
from fink_ad.ui.tables import show_table
from fink_ad.ui.text import ago

SECONDS = 10.0


@refreshing(SECONDS)
def tonight(seat: Session) -> None:
    """Draw the page, and draw it again every few seconds."""
    store, now = seat.desk.store, datetime.now(UTC)
    counts = count_table(store)
    if counts.empty:
        st.info("Nothing has come in yet: `fink-ad run --source files PATH...` reads alerts.")
    else:
        _coming_in(store, counts, now)
        show_table(
            "Counts by night",
            counts.assign(
                night=[str(one) if one else "not told" for one in counts["night"]],
                **{"adds up": ["yes" if one else "NO" for one in counts["adds up"]]},
            ),
            columns={"duplicate": "duplicates", "dead_letter": "dead letters"},
        )
    left, right = st.columns(2)
    with left:
        work = work_table(store, now)
        signs = [ago(one, now) if pd.notna(one) else "" for one in work["last sign"]]
        show_table("At work", work.assign(**{"last sign": signs}))
        letters = letter_table(store)
        show_table("Could not be read", letters, "Everything could be read.", {"n": "packets"})
    with right:
        show_table("Drift", drift_table(store), "Not measured yet; the scheduler does so nightly.")
        show_table("Jobs", job_table(store), "No job has run yet; `fink-ad scheduler` runs them.")


def _coming_in(store: Store, counts: pd.DataFrame, now: datetime) -> None:
    newest, coming = counts.iloc[0], intake(store, now)
    night = f"night {newest['night']}" if newest["night"] else "night not told"
    places = st.columns(6)
    places[0].metric("Last alerts stored", ago(store.last_commit(), now))
    places[1].metric("Newest exposure", ago(coming.newest_exposure, now))
    places[2].metric(
        "In the last hour",
        f"{coming.n_hour:,}",
        help=f"packets; {coming.fastest_per_s:,.1f} a second in the fastest minute",
    )
    places[3].metric(f"In, {night}", f"{newest['in']:,}")
    places[4].metric(f"Scored, {night}", f"{newest['scored']:,}")
    places[5].metric("Counts add up", "yes" if counts["adds up"].all() else "NO")


tonight(session())
