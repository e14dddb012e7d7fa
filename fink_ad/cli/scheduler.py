"""`fink-ad scheduler`: do what is due, unasked."""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from fink_ad.cli.app import err, out, print_json, shown, state_of
from fink_ad.cli.metrics import MetricsHost, MetricsPort, served_metrics
from fink_ad.errors import StoreError

__all__ = ["scheduler"]


def scheduler(
    context: typer.Context,
    list_jobs: Annotated[
        bool, typer.Option("--list", help="Print the jobs and when each is due, and end.")
    ] = False,
    run: Annotated[
        str | None,
        typer.Option(metavar="JOB", help="Do one job now and end, as for a line of cron."),
    ] = None,
    metrics_port: MetricsPort = None,
    metrics_host: MetricsHost = "127.0.0.1",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure drift, retrain nightly, serve the doors, and whatever else is due, until stopped.

    What came due while no scheduler ran is done once. Several schedulers on one store share
    the work. Times are crontab fields in UTC, set with `[scheduler] jobs`. Ctrl-C ends when
    the job at work is done; a second one ends at once, which is safe too.
    """
    if list_jobs:
        _list(context, as_json)
    elif run is not None:
        _run_once(context, run, as_json)
    else:
        _run_all(context, metrics_port, metrics_host)


def _list(context: typer.Context, as_json: bool) -> None:
    from fink_ad.scheduler import JOBS, next_due, trigger_of

    state = state_of(context)
    now = datetime.now(UTC)
    with state.open_store() as store:
        last = {job.name: store.job_runs(job.name, limit=1) for job in JOBS}
    rows = []
    for job in JOBS:
        trigger = trigger_of(job, state.settings)
        due = None if trigger is None else next_due(trigger, now)
        runs = last[job.name]
        rows.append(
            {
                "name": job.name,
                "meaning": job.meaning,
                "when": state.settings.scheduler.jobs.get(job.name, job.when),
                "next": None if due is None else due.isoformat(timespec="minutes"),
                "last_due": runs[0].due.isoformat(timespec="minutes") if runs else None,
                "last_outcome": (runs[0].outcome or "at work, or died") if runs else None,
                "last_detail": runs[0].detail if runs else "",
            }
        )
    if as_json:
        print_json(rows)
        return
    table = Table("job", "next (UTC)", "last", "", box=None, pad_edge=False, header_style="bold")
    for row in rows:
        told = f"{row['last_due']} {row['last_outcome']}" if row["last_due"] else "never"
        cells = (row["name"], row["next"] or "never", told, row["meaning"])
        table.add_row(*(shown(str(cell)) for cell in cells))
        if row["last_detail"]:
            table.add_row("", "", "", shown(str(row["last_detail"])), style="dim")
    out.print(table)


def _run_once(context: typer.Context, name: str, as_json: bool) -> None:
    from fink_ad.scheduler import do_job, job_named
    from fink_ad.scheduler.work import FAILED
    from fink_ad.telemetry import NoMetrics

    state = state_of(context)
    job = job_named(name)
    with state.open_store() as store:
        done = do_job(store, state.settings, NoMetrics(), job, datetime.now(UTC))
    if done is None:
        raise StoreError(f"job {name} is at work already, elsewhere; see fink-ad doctor")
    if as_json:
        print_json({"name": name, "outcome": done.outcome, "detail": done.detail})
    if done.outcome == FAILED:
        raise StoreError(f"job {name} failed: {done.detail}")
    if not as_json:
        out.print(f"{name}: {shown(done.detail)}", highlight=False)


def _run_all(context: typer.Context, port: int | None, host: str) -> None:
    from fink_ad.learn.holding import at_work
    from fink_ad.review.desk import Desk
    from fink_ad.review.doors import serving_doors
    from fink_ad.scheduler import run_scheduler

    state = state_of(context)
    ended = threading.Event()

    def end(signum: int, frame: object) -> None:
        if ended.is_set():
            raise SystemExit(130)
        ended.set()

    before = {one: signal.signal(one, end) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        with (
            state.open_store() as store,
            served_metrics(port, host) as metrics,
            Desk(state.settings) as desk,
            serving_doors(desk),
            at_work(store, "scheduler"),
        ):
            err.print("scheduler at work; Ctrl-C ends it", style="dim")
            run_scheduler(store, state.settings, ended.wait, metrics)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
