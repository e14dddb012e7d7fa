"""`fink-ad simulate`: a night of alerts with known answers."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fink_ad.cli.app import err, out

__all__ = ["simulate"]


class Stamps(StrEnum):
    """What stamps the packets get."""

    none = "none"
    pool = "pool"
    individual = "individual"


def simulate(
    target: Annotated[
        Path, typer.Option("--out", help="Folder to write into.", show_default=False)
    ],
    night: Annotated[int, typer.Option(help="Night to simulate, YYYYMMDD.")] = 20260110,
    objects: Annotated[int, typer.Option(min=0, help="Number of ordinary objects.")] = 600,
    inject: Annotated[
        list[str] | None,
        typer.Option(
            help="Plant N objects of a class, as `kilonova=3`; may be repeated. Default: two of "
            "each anomaly.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")] = 0,
    nights: Annotated[int, typer.Option(min=1, help="Nights in a row, ending with --night.")] = 1,
    stamps: Annotated[
        Stamps, typer.Option(help="No stamps, shared ones per class, or each alert its own.")
    ] = Stamps.none,
) -> None:
    """Simulate a night of alerts in ZTF's format, and write the truth beside it.

    Writes `ztf_night_NIGHT.avro`, and who is what into `ztf_night_NIGHT_truth.csv`. Any
    reader of ZTF packets can read the alerts.
    """
    from fink_ad.simulate import parse_counts, simulate_night, write_night

    simulated = simulate_night(
        night,
        n_objects=objects,
        inject=parse_counts(inject) if inject else None,
        seed=seed,
        nights=nights,
        stamps=stamps.value,
    )
    files = write_night(target, simulated)
    for path in (*files.alerts, files.truth):
        out.print(str(path), highlight=False, soft_wrap=True)
    err.print(f"{len(simulated):,} alerts of {len(simulated.truth):,} objects")
