"""Tables as people read them: times in UTC to the second, words instead of column names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

__all__ = ["show_table"]

_FEW_ROWS, _HEIGHT = 8, 300


def show_table(
    title: str, table: pd.DataFrame, nothing: str = "", columns: Mapping[str, Any] | None = None
) -> None:
    """Draw a table below its title, or say in words why there is nothing in it.

    Parameters
    ----------
    columns : mapping, optional
        What Streamlit is to know of columns, by name; of times it is told here.
    """
    st.markdown(f"**{title}**")
    if table.empty:
        st.caption(nothing)
        return
    times = {
        name: st.column_config.DatetimeColumn(
            f"{name} (UTC)", format="YYYY-MM-DD HH:mm:ss", timezone="UTC"
        )
        for name in table.select_dtypes("datetimetz").columns
    }
    st.dataframe(
        table,
        hide_index=True,
        height="content" if len(table) <= _FEW_ROWS else _HEIGHT,
        column_config={**times, **(columns or {})},
        placeholder="",  # for what is not known
        alt=f"{title}, {len(table)} rows",
    )
