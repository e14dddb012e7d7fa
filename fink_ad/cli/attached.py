"""Commands that end when the program that started them is gone, however it ended."""

from __future__ import annotations

import os
import signal
import sys
import threading

__all__ = ["end_with_input"]


def end_with_input() -> None:
    """Tell this process to end (SIGTERM) when standard input does.

    The parent holds the other end of a pipe, and the system closes that with it.
    """

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
