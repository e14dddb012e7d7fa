"""`fink-ad up`: everything that has to run, together."""

from __future__ import annotations

import importlib.util
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from fink_ad.cli.app import State, printable, state_of
from fink_ad.errors import ConfigError

if TYPE_CHECKING:
    from fink_ad.config import Settings
    from fink_ad.operations.supervisor import Service

__all__ = ["COMMANDS", "up"]


class ServiceName(StrEnum):
    """What can be kept at work."""

    worker = "worker"
    scheduler = "scheduler"
    learner = "learner"
    page = "page"
    bot = "bot"


COMMANDS: dict[ServiceName, tuple[str, ...]] = {
    ServiceName.worker: ("run", "--follow"),
    ServiceName.scheduler: ("scheduler",),
    ServiceName.learner: ("learn",),
    ServiceName.page: ("ui", "--no-learner"),
    ServiceName.bot: ("bot", "--no-learner"),
}
"""The words after ``fink-ad`` that start a service."""

_CODE = (
    "from fink_ad.cli.attached import end_with_input; end_with_input(); "
    "from fink_ad.cli import main; main()"
)


def up(
    context: typer.Context,
    only: Annotated[
        list[ServiceName] | None,
        typer.Option(
            metavar="NAME",
            help="Run this one: worker, scheduler, learner, page or bot; may be given again.",
            show_default=False,
        ),
    ] = None,
    without: Annotated[
        list[ServiceName] | None,
        typer.Option(
            metavar="NAME", help="Leave this one out; may be given again.", show_default=False
        ),
    ] = None,
) -> None:
    """Run worker, scheduler, learner, review page and bot together, with one log.

    The worker reads alerts as their files come into the folders that the setting `run.follow`
    names, and is left out where it names none: then `fink-ad run` reads them, beside this. The
    page is left out where streamlit is not installed, the bot where no token is set. Every line
    of the log begins with the name of who wrote it. One that dies is started again, after a
    pause that grows while it keeps dying; one that ends with code 2 is set up wrongly, and
    stays down.

    SIGTERM and Ctrl-C (exit code 130) end all of them in order; after 30 seconds, or a second
    Ctrl-C, those left are killed, which is safe too. The exit code is 1 if none could be kept
    at work.
    """
    from fink_ad.operations.supervisor import supervise

    state = state_of(context)
    names = _chosen(state.settings, only or [], without or [])
    state.open_store().close()  # what is wrong with it is told once, and it is upgraded by one
    with _told_to_stop() as (stop, at_once, interrupted):
        lock = threading.Lock()

        def tell(name: str, line: str) -> None:
            text = f"{name:<9} | {printable(line.expandtabs())}\n"
            try:
                with lock:
                    sys.stdout.write(text)
                    sys.stdout.flush()
            except OSError:  # nobody reads the log any more
                stop.set()

        for name in ServiceName:
            if name not in names and name not in (without or []) and not only:
                tell("up", f"no {name}: {_missing(state.settings, name)}")
        ended = supervise([_service(state, name) for name in names], tell, stop, at_once)
        tell("up", "all ended" if ended else "none is left at work")
    if interrupted.is_set():
        raise typer.Exit(130)
    if not ended:
        raise typer.Exit(1)


def _chosen(
    settings: Settings, only: list[ServiceName], without: list[ServiceName]
) -> list[ServiceName]:
    """Return what to run; what was asked for by name must be possible."""
    for name in only:
        reason = _missing(settings, name)
        if reason:
            raise ConfigError(f"no {name}: {reason}")
    names = [one for one in only or ServiceName if one not in without]
    names = [one for one in dict.fromkeys(names) if not _missing(settings, one)]
    if not names:
        raise ConfigError("nothing is left to run; see fink-ad up --help")
    return names


def _missing(settings: Settings, name: ServiceName) -> str:
    """Say what a service lacks; empty if nothing."""
    if name is ServiceName.worker and not settings.run.follow:
        return 'it follows no folder; set run.follow, as in [run] follow = ["/data/alerts"]'
    if name is ServiceName.page and importlib.util.find_spec("streamlit") is None:
        return "it needs streamlit: pip install 'fink-ad[ui]'"
    if name is ServiceName.bot:
        if importlib.util.find_spec("telegram") is None:
            return "it needs python-telegram-bot: pip install 'fink-ad[bot]'"
        bot = settings.bot
        if not bot.token.get_secret_value().strip() and bot.token_file is None:
            return "it has no token; set FINK_AD_BOT__TOKEN or bot.token_file"
    return ""


def _service(state: State, name: ServiceName) -> Service:
    from fink_ad.operations.supervisor import Service

    # -P: the folder we were started in is no place to import from.
    words = [sys.executable, "-P", "-c", _CODE, "--home", str(state.settings.home.absolute())]
    if state.config_file is not None:
        words += ["--config", str(state.config_file.absolute())]
    return Service(name, (*words, *COMMANDS[name]))


@contextmanager
def _told_to_stop() -> Iterator[tuple[threading.Event, threading.Event, threading.Event]]:
    """Turn signals into wishes: to stop, to stop at once, and whether Ctrl-C was pressed."""
    stop, at_once, interrupted = threading.Event(), threading.Event(), threading.Event()

    def on_signal(signum: int, frame: object) -> None:
        if stop.is_set():
            at_once.set()
        if signum == signal.SIGINT:
            interrupted.set()
        stop.set()

    before = {one: signal.signal(one, on_signal) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop, at_once, interrupted
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
