"""Log lines: one event and its values per line, to stderr, for people or for machines."""

from __future__ import annotations

import logging
import sys
from typing import Any, Literal

import structlog

__all__ = ["configure_logging", "keep_out_of_logs"]

_SECRETS: set[str] = set()


def configure_logging(level: str, form: Literal["console", "json"]) -> None:
    """Send log lines of at least this level to stderr.

    Tracebacks name files, lines and the error, and no values: those of local variables may be
    secrets, or what people wrote.

    Parameters
    ----------
    level : str
        ``debug``, ``info``, ``warning`` or ``error``.
    form : str
        ``console`` for people, ``json`` for machines.
    """
    renderers: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if form == "json"
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *renderers,
            _without_secrets,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        # Asked anew each time: stderr may be another stream later than it is now.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def keep_out_of_logs(secret: str) -> None:
    """Write ``***`` in place of a secret from now on, wherever a log line would have it."""
    if secret:
        _SECRETS.add(secret)


def _without_secrets(_logger: object, _method: str, line: Any) -> str:
    """Return a rendered line without the secrets; a processor that comes last."""
    text = str(line)
    for secret in _SECRETS:
        text = text.replace(secret, "***")
    return text
