"""What goes wrong on the page, told in plain words and never as a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
import structlog

from fink_ad.errors import FinkAdError
from fink_ad.ui.text import escaped

__all__ = ["told_in_words"]

_log = structlog.get_logger(__name__)


@contextmanager
def told_in_words() -> Iterator[None]:
    """Write on the page what is raised inside; what nobody foresaw goes to the log whole."""
    try:
        yield
    except FinkAdError as error:
        st.error(escaped(error))
    except Exception:
        _log.exception("page_failed")
        st.error(
            "This page failed. What you answered is stored. The log of `fink-ad ui` says more."
        )
