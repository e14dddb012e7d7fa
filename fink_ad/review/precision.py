"""How many of the highest places were anomalies, night by night."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fink_ad.store import Store

__all__ = ["precision_table"]


def precision_table(
    store: Store, survey: str, population: str, tops: Sequence[int] = (10, 30)
) -> pd.DataFrame:
    """Return the precision at k over the nights: anomalies among what stood highest when drawn.

    Only what was shown and answered counts, unsure answers left out, the latest answer of each
    reviewer and object. Places are those of the moment of drawing: the order changes with every
    answer, so that more than k candidates of a night can have stood among the first k.

    Returns
    -------
    pandas.DataFrame
        One row per UTC date of drawing, oldest first: ``night``, and for each k ``at k`` (NaN
        where nothing was answered) and ``answered k``.
    """
    drawn = {(one.reviewer_id, one.alert_id): one for one in store.showings(survey=survey)}
    rows = [
        (int(f"{one.drawn_at:%Y%m%d}"), one.place, label.answer == "anomaly")
        for label in store.latest_labels(survey, population)
        if label.answer != "unsure"
        and (one := drawn.get((label.reviewer_id, label.alert_id))) is not None
    ]
    table = pd.DataFrame(rows, columns=["night", "place", "found"])
    nights = np.unique(table["night"].to_numpy(np.int64))
    columns: dict[str, object] = {"night": nights}
    for top in tops:
        found = table[table["place"] <= top].groupby("night")["found"]
        columns[f"at {top}"] = found.mean().reindex(nights).to_numpy(np.float64)
        columns[f"answered {top}"] = found.size().reindex(nights, fill_value=0).to_numpy(np.int64)
    return pd.DataFrame(columns)
