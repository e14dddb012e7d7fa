"""What the sessions share, and what each of them remembers."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import streamlit as st

from fink_ad.config import load_settings
from fink_ad.review import Desk

__all__ = ["APP", "must_sign_in", "shared_desk"]

APP = Path(__file__).with_name("app.py")


def shared_desk() -> Desk:
    """Return the open desk of all sessions: store, models, queue.

    Settings are read once, as ``fink-ad ui`` was told to, or else as every command finds them.
    """
    told = _told()
    settings = load_settings(told.config, {"home": told.home}).settings
    return _open(str(settings.home), settings.database_url, str(told.config or ""))


def must_sign_in() -> bool:
    """Say whether the page was opened to people who sign in, and to nobody else."""
    return bool(_told().sign_in)


def _told() -> argparse.Namespace:
    given = sys.argv[1:] if Path(sys.argv[0]).resolve() == APP.resolve() else []
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--sign-in", action="store_true")
    return parser.parse_args(given)


@st.cache_resource(show_spinner=False)
def _open(home: str, database_url: str, config_file: str) -> Desk:
    settings = load_settings(
        Path(config_file) if config_file else None, {"home": Path(home)}
    ).settings
    return Desk(settings)
