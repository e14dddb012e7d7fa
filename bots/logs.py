"""What the chat library and its HTTP client log: in our log, and without the token."""

from __future__ import annotations

import logging

import structlog

from fink_ad.telemetry import keep_out_of_logs

__all__ = ["log_without"]

_log = structlog.get_logger(__name__)


class _IntoOurs(logging.Handler):
    """Hands warnings of the library, with their tracebacks, to our log."""

    def emit(self, record: logging.LogRecord) -> None:
        _log.log(record.levelno, "chat_library", said=record.getMessage(), exc_info=record.exc_info)


_into_ours = _IntoOurs()


def log_without(token: str) -> None:
    """Keep a bot's token out of all logs from now on.

    The HTTP client and the library name addresses, which hold it, in all that they log below
    warnings; the library's words on a token that was refused hold it too.
    """
    keep_out_of_logs(token)
    for name in ("httpx", "httpcore", "telegram"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.addHandler(_into_ours)  # once: it is the same one each time
