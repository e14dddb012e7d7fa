"""`fink-ad run --follow`: files read as they come, and a word now and then of what came."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from fink_ad.cli.app import State, err, print_json, shown
from fink_ad.cli.metrics import served_metrics
from fink_ad.cli.progress import (
    print_letters,
    print_summary,
    stop_on_ctrl_c,
    stop_on_sigterm,
)
from fink_ad.cli.reading import read_schema
from fink_ad.errors import ConfigError, FinkAdError

if TYPE_CHECKING:
    from fink_ad.pipeline import RunSummary

__all__ = ["run_following"]

_QUIET_SECONDS = 60.0


def run_following(
    state: State,
    folders: list[str],
    schema: Path | None,
    *,
    as_json: bool,
    metrics_port: int | None,
    metrics_host: str,
) -> None:
    """Follow folders, those of the settings if none are given, until told to stop.

    Raises
    ------
    ConfigError
        If there is no folder to follow.
    typer.Exit
        With code 130, after Ctrl-C.
    """
    from fink_ad.alerts.avro import Limits
    from fink_ad.operations.worker import follow
    from fink_ad.pipeline import RunSummary
    from fink_ad.sources.following import FollowedFolders

    settings = state.settings
    folders = folders or list(settings.run.follow)
    if not folders:
        raise ConfigError("nothing to read: name files or folders, or set run.follow")
    source = FollowedFolders(
        folders,
        settle_seconds=settings.run.poll_seconds,
        batch_size=settings.batch_size,
        schema=read_schema(schema) if schema else None,
        limits=Limits(**settings.limits.model_dump()),
    )
    summary = RunSummary()
    try:
        with (
            state.open_store() as store,
            stop_on_sigterm() as told,
            stop_on_ctrl_c() as pressed,
            served_metrics(metrics_port, metrics_host) as metrics,
        ):
            names = shown(", ".join(source.folders))
            err.print(f"following {names}; Ctrl-C ends it", style="dim", soft_wrap=True)
            follow(
                source,
                store,
                settings,
                lambda: told() or pressed(),
                on_batch=_reporter(),
                summary=summary,
                metrics=metrics,
            )
    except FinkAdError as error:
        # What was stored before the failure stays, so a script is told of it.
        if as_json:
            print_json(summary.to_json() | {"error": str(error)})
        raise
    if as_json:
        print_letters(summary.dead_letters, summary.n_dead_letter.total())
        print_json(summary.to_json())
    else:
        print_summary(summary)
    if pressed():
        raise typer.Exit(130)


def _reporter() -> Callable[[RunSummary], None]:
    """Return what tells the counts so far after a batch, once a minute at the most."""
    last, n_told = float("-inf"), 0

    def tell(summary: RunSummary) -> None:
        nonlocal last, n_told
        now = time.monotonic()
        if summary.n_in > n_told and now - last >= _QUIET_SECONDS:
            last, n_told = now, summary.n_in
            err.print(
                f"{summary.n_in:,} alerts so far, {summary.n_scored:,} scored, "
                f"{summary.n_candidates:,} candidates, "
                f"{summary.n_dead_letter.total():,} dead letters",
                highlight=False,
            )

    return tell
