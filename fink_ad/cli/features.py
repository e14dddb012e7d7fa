"""`fink-ad features`: the features of files, as a table."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fink_ad.cli.app import err, state_of
from fink_ad.cli.progress import print_letters
from fink_ad.cli.reading import Paths, SchemaFile, files_source

if TYPE_CHECKING:
    from fink_ad.pipeline.offline import OfflineResult

__all__ = ["Out", "features", "report"]

Out = Annotated[Path, typer.Option("--out", help="Parquet file to write.", show_default=False)]


class Mode(StrEnum):
    """How the statistics are computed."""

    default = "default"
    parity = "parity"


def features(
    context: typer.Context,
    paths: Paths,
    target: Out,
    providers: Annotated[
        str | None,
        typer.Option(
            help="Feature providers to run, separated by commas. Default: all installed.",
            show_default=False,
        ),
    ] = None,
    mode: Annotated[
        Mode, typer.Option(help="`parity`: the statistics as Fink's live system records them.")
    ] = Mode.default,
    schema: SchemaFile = None,
) -> None:
    """Write the features of every alert in the files, one row each, in input order.

    Columns: survey, alert_id, object_id, mjd_utc, night, population, then the features as
    `provider.feature` or `provider.feature_band`, NaN where not defined. The hash of the
    feature schema is in the file's metadata under `fink_ad.schema_hash`.
    """
    from fink_ad.features import Context
    from fink_ad.pipeline.describe import providers_of
    from fink_ad.pipeline.offline import write_features
    from fink_ad.pipeline.tables import side_tables

    settings = state_of(context).settings
    chosen: dict[str, Any] = {name: dict(values) for name, values in settings.provider.items()}
    if mode is Mode.parity:
        chosen["statistics"] = {**chosen.get("statistics", {}), "mode": mode.value}
    names = None if providers is None else tuple(providers.split(","))
    tables = side_tables(settings)
    snapshot = Context(chosen, tables=tables, feature_providers=names)
    source = files_source(settings, paths, schema)
    result = write_features(source, providers_of(snapshot).extractor, snapshot, target)
    report(result, target)


def report(result: OfflineResult, target: Path) -> None:
    """Say on stderr what was written and what could not be read."""
    from fink_ad.pipeline.summary import N_LETTERS

    err.print(f"{result.n_alerts:,} alerts -> {target}", highlight=False, soft_wrap=True)
    print_letters(result.dead_letters[:N_LETTERS], len(result.dead_letters))
