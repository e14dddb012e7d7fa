"""`fink-ad run`: alerts in, candidates out."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from fink_ad.cli.app import err, out, print_json, state_of
from fink_ad.cli.following import run_following
from fink_ad.cli.metrics import MetricsHost, MetricsPort, served_metrics
from fink_ad.cli.progress import print_letters, print_summary, stop_on_ctrl_c, watched
from fink_ad.cli.reading import OptionalPaths, Order, SchemaFile, files_source
from fink_ad.errors import ConfigError, FinkAdError, SourceError

__all__ = ["run"]


class SourceName(StrEnum):
    """Sources that can be run."""

    files = "files"


def run(
    context: typer.Context,
    paths: OptionalPaths = None,
    source: Annotated[SourceName, typer.Option(help="Where alerts come from.")] = SourceName.files,
    order: Annotated[
        Order, typer.Option(help="Take alerts as they lie, or sorted by time over all files.")
    ] = Order.input,
    schema: SchemaFile = None,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow", help="Go on reading what comes into the folders, until told to stop."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="End with one JSON object, alone on stdout.")
    ] = False,
    metrics_port: MetricsPort = None,
    metrics_host: MetricsHost = "127.0.0.1",
) -> None:
    """Read alerts, rank them, store the candidates.

    PATHs hold ZTF or Rubin alerts: Avro containers, as the survey sends them or enriched by a
    broker; Parquet; or, with `--schema`, bare or Confluent-framed packets. What an earlier run
    has finished is not read again, so the same command can be repeated safely.

    With `--follow` the PATHs are folders, and new files are read as they come, each once its size
    and times were the same for `run.poll_seconds`: write elsewhere, or under a hidden name, and
    rename. Without any PATH the folders of the setting `run.follow` are followed. SIGTERM ends
    it after the batch in hand, so does Ctrl-C. Models promoted meanwhile rank from the next batch
    on; other settings need a restart. Between files others may run on the same home.

    Where a survey has no model yet, the first alerts are described, a forest is grown on
    them, and then they are ranked. Packets that cannot be read become dead letters, with the
    reason. Ctrl-C ends between batches, with exit code 130; the same command goes on from
    there. One run at a time may write to a home folder; a follower does while it reads.

    `--json` gives n_in, n_scored, n_filtered and n_dead_letter by reason, n_duplicate,
    n_withheld, n_candidates, seconds, the model of each survey/population, provisional and
    interrupted; n_in = n_scored + n_filtered + n_duplicate + n_dead_letter. After a failure
    the counts of what was stored stand beside `error`.

    Next: `fink-ad candidates`.
    """
    from fink_ad.pipeline import RunSummary
    from fink_ad.pipeline import run as run_street

    state = state_of(context)
    if follow or not paths:
        if order is not Order.input:
            raise ConfigError("what comes by and by cannot be sorted: leave out --order time")
        run_following(
            state,
            paths or [],
            schema,
            as_json=as_json,
            metrics_port=metrics_port,
            metrics_host=metrics_host,
        )
        return
    files = files_source(state.settings, paths, schema, order)
    summary = RunSummary()
    try:
        with (
            state.open_store() as store,
            stop_on_ctrl_c() as should_stop,
            watched(files) as on_batch,
            served_metrics(metrics_port, metrics_host) as metrics,
        ):
            run_street(
                files,
                store,
                state.settings,
                on_batch=on_batch,
                should_stop=should_stop,
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
        if summary.n_in == 0 and not summary.interrupted and files.n_files > len(files.skipped):
            out.print("Nothing new: all of it was read by an earlier run.")
        elif summary.n_candidates:
            out.print("Next: [bold]fink-ad candidates[/bold]")
    if summary.interrupted:
        raise typer.Exit(130)
    if summary.n_in and summary.n_in == summary.n_dead_letter.total():
        reasons = ", ".join(f"{n} {reason}" for reason, n in sorted(summary.n_dead_letter.items()))
        raise SourceError(f"no packet could be read: {reasons}")
    if files.n_files == len(files.skipped):
        s = "" if files.n_files == 1 else "s"
        raise SourceError(f"{files.n_files} file{s}, none of alerts, in {', '.join(paths)}")
    err.print(f"home: {state.settings.home}", style="dim", highlight=False, soft_wrap=True)
