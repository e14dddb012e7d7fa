"""Log lines: one event and its values per line, to stderr, for people or for machines."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog

__all__ = ["configure_logging"]


def configure_logging(level: str, form: Literal["console", "json"]) -> None:
    """Send log lines of at least this level to stderr.

    Parameters
    ----------
    level : str
        ``debug``, ``info``, ``warning`` or ``error``.
    form : str
        ``console`` for people, ``json`` for machines.
    """
    renderer = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        # Asked anew each time: stderr may be another stream later than it is now.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
