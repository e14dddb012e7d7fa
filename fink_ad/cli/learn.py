"""`fink-ad learn`: answers in, new orders out, as long as it runs."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from fink_ad.cli.app import err, out, shown, state_of
from fink_ad.cli.progress import exit_at_once

if TYPE_CHECKING:
    from fink_ad.store import Store

__all__ = ["learn"]


def learn(
    context: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="Bring every order up to date, and end.")
    ] = False,
    attached: Annotated[
        bool, typer.Option("--attached", hidden=True, help="End when standard input does.")
    ] = False,
) -> None:
    """Learn from answers as they come, and publish the order that reviewers draw from.

    Watches for new answers, newly kept alerts and newly promoted models. After each, the
    weights of the model are learned anew, the kept alerts ranked, and the order published if it
    passes a few checks. One learner at a time works on a store; a second one waits for its
    turn. `fink-ad review` starts one by itself where there is none.

    SIGTERM ends it in order, so does Ctrl-C, with exit code 130.
    """
    from fink_ad.learn.watch import Learner

    state = state_of(context)
    os.nice(state.settings.learn.nice)
    with state.open_store() as store:
        learner = Learner(store, state.settings)
        if once:
            records = learner.run_once()
            names = {one.id: one.name for one in store.reviewers()}
            for record in records:
                whose = "shared" if record.reviewer_id is None else names[record.reviewer_id]
                out.print(
                    f"{record.survey} {record.population}, {shown(whose)}: {record.n_objects:,} "
                    f"objects ranked by model {record.revision_id[:12]}",
                    highlight=False,
                )
            if not records:
                out.print(f"No order was published: {_why_none(store)}.", highlight=False)
            return
        with _told_to_stop() as (stop, interrupted):
            if attached:
                threading.Thread(target=_watch_input, args=(stop,), daemon=True).start()
            learner.run(stop)
        if interrupted.is_set():
            raise typer.Exit(130)


def _why_none(store: Store) -> str:
    from fink_ad.alerts import POPULATIONS, SURVEYS

    keys = itertools.product(SURVEYS, POPULATIONS)
    if all(store.active_model(*key) is None for key in keys):
        return "there is no model yet, see `fink-ad run`"
    return "no new ranking passed the checks, see `fink-ad models decisions`"


@contextmanager
def _told_to_stop() -> Iterator[tuple[threading.Event, threading.Event]]:
    """Turn SIGTERM and the first Ctrl-C into a wish to stop; yields it, and whether Ctrl-C was."""
    stop, interrupted = threading.Event(), threading.Event()

    def on_signal(signum: int, frame: object) -> None:
        if signum == signal.SIGINT:
            if interrupted.is_set():
                exit_at_once(signum, frame)
            interrupted.set()
            err.print("Stopping after this order; Ctrl-C again stops at once.")
        stop.set()

    before = {one: signal.signal(one, on_signal) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop, interrupted
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _watch_input(stop: threading.Event) -> None:
    """Wish to stop when whoever holds the other end of standard input is gone."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    stop.set()
