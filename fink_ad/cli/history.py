"""`fink-ad history`: the scores and features of all alerts, as files."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from fink_ad.cli.app import out, print_json, state_of

__all__ = ["history_app"]

history_app = typer.Typer(
    help="Scores and features of all alerts, as Parquet files.", no_args_is_help=True
)

Night = Annotated[int | None, typer.Option(help="Only this night, YYYYMMDD.", show_default=False)]
Survey = Annotated[
    str | None, typer.Option(help="Only this survey: ztf, lsst.", show_default=False)
]


@history_app.command()
def compact(
    context: typer.Context,
    night: Night = None,
    survey: Survey = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Merge the many small files of each night; safe while a run or a reader is at work."""
    with state_of(context).open_store() as store:
        done = store.compact(survey, night)
    if as_json:
        print_json(asdict(done))
    elif done.n_before:
        out.print(f"{done.n_before:,} files -> {done.n_after:,}, {done.n_rows:,} alerts")
    else:
        out.print("Nothing to merge.")


@history_app.command()
def export(
    context: typer.Context,
    target: Annotated[
        Path, typer.Option("--out", help="File to write: .parquet or .csv.", show_default=False)
    ],
    night: Night = None,
    survey: Survey = None,
    population: Annotated[
        str | None,
        typer.Option(help="Only transient or solar_system alerts.", show_default=False),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Only this model: id, or how it begins.", show_default=False),
    ] = None,
) -> None:
    """Write all scored alerts, with their features, into one file, by night and alert id."""
    with state_of(context).open_store() as store:
        revision = store.find_revision(model) if model else None
        n_rows = store.export(target, survey, population, night, revision)
    out.print(f"{n_rows:,} alerts -> {target}", highlight=False, soft_wrap=True)
