"""`fink-ad simulate`: nights of alerts with known answers."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fink_ad.cli.app import err, out

if TYPE_CHECKING:
    from fink_ad.simulate import Night

__all__ = ["simulate"]


class Stamps(StrEnum):
    """What stamps the packets get."""

    none = "none"
    pool = "pool"
    individual = "individual"


class SurveyChoice(StrEnum):
    """Whose packets to simulate."""

    ztf = "ztf"
    lsst = "lsst"


def simulate(
    target: Annotated[
        Path, typer.Option("--out", help="Folder to write into.", show_default=False)
    ],
    night: Annotated[int, typer.Option(help="Night to simulate, YYYYMMDD.")] = 20260110,
    survey: Annotated[
        SurveyChoice, typer.Option(help="Whose cadence, depth and packets.")
    ] = SurveyChoice.ztf,
    objects: Annotated[int, typer.Option(min=0, help="Number of ordinary objects.")] = 600,
    inject: Annotated[
        list[str] | None,
        typer.Option(
            help="Plant N objects of a class, as `kilonova=3`; may be repeated. Default: two of "
            "each anomaly.",
            show_default=False,
        ),
    ] = None,
    rates: Annotated[
        list[str] | None,
        typer.Option(
            "--rate",
            help="Number of ordinary objects of a class, as `agn=200`; may be repeated. Replaces "
            "--objects.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")] = 0,
    nights: Annotated[int, typer.Option(min=1, help="Nights in a row, ending with --night.")] = 1,
    stamps: Annotated[
        Stamps, typer.Option(help="No stamps, shared ones per look, or each alert its own.")
    ] = Stamps.none,
) -> None:
    """Simulate a night of alerts in the format of ZTF or Rubin, and write the truth beside it.

    Writes `SURVEY_night_NIGHT.avro`, and who is what into `SURVEY_night_NIGHT_truth.csv`. Any
    reader of the survey's packets can read the alerts. Memory does not grow with their number.
    """
    from fink_ad.simulate import parse_counts, simulate_pieces, write_pieces

    pieces = simulate_pieces(
        night,
        survey=survey.value,
        n_objects=objects,
        rates=parse_counts(rates) if rates else None,
        inject=parse_counts(inject) if inject else None,
        seed=seed,
        nights=nights,
        stamps=stamps.value,
    )
    n_alerts = n_objects = 0

    def counted() -> Iterator[Night]:
        nonlocal n_alerts, n_objects
        for piece in pieces:
            n_alerts += len(piece)
            n_objects += len(piece.truth)
            yield piece

    files = write_pieces(target, counted())
    for path in (*files.alerts, files.truth):
        out.print(str(path), highlight=False, soft_wrap=True)
    err.print(f"{n_alerts:,} alerts of {n_objects:,} objects")
