"""`fink-ad candidates`: the strangest alerts, strangest first."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from fink_ad.cli.app import out, print_json, shown, state_of
from fink_ad.errors import ConfigError

if TYPE_CHECKING:
    from fink_ad.store import CandidateView, Store

__all__ = ["candidate_magnitudes", "candidate_table", "candidates", "rarity_text"]


def candidates(
    context: typer.Context,
    top: Annotated[
        int, typer.Option(min=1, help="How many to show, of each survey and population.")
    ] = 20,
    night: Annotated[
        int | None, typer.Option(help="Only this night, YYYYMMDD.", show_default=False)
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Only this model: id, or how it begins.", show_default=False),
    ] = None,
    survey: Annotated[
        str | None, typer.Option(help="Only this survey: ztf, lsst.", show_default=False)
    ] = None,
    population: Annotated[
        str | None,
        typer.Option(help="Only transient or solar_system alerts.", show_default=False),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON; alert ids are strings there.")
    ] = False,
) -> None:
    """Show the strangest alerts: rarity, object, position, magnitude, classes, reasons.

    Each object is shown once, with its strangest alert; surveys and populations apart, and
    of the model that scored last (on that night), as scores of different models do not
    compare. Rarity "1 in N" is counted among
    alerts with a similar number of detections; "> N" is rarer than anything seen, and "~"
    marks a provisional value, counted against fewer than 20 000 alerts.

    Next: `fink-ad show OBJECT`.
    """
    from fink_ad.alerts import POPULATIONS, SURVEYS

    surveys = _known("survey", survey, SURVEYS)
    populations = _known("population", population, POPULATIONS)
    with state_of(context).open_store() as store:
        revision = store.find_revision(model) if model else None
        lists = [
            (
                key,
                store.candidates(
                    top,
                    night=night,
                    model=revision or store.latest_revision(*key, night),
                    survey=key[0],
                    population=key[1],
                ),
            )
            for key in itertools.product(surveys, populations)
        ]
        magnitudes = {key: candidate_magnitudes(store, views) for key, views in lists}
    lists = [(key, views) for key, views in lists if views]
    if as_json:
        rows = [
            _to_json(view, mag)
            for key, views in lists
            for view, mag in zip(views, magnitudes[key], strict=True)
        ]
        print_json(rows)
        return
    if not lists:
        out.print("No candidates here. [bold]fink-ad run --source files PATH...[/bold] makes some.")
    for key, views in lists:
        if len(lists) > 1:
            out.print(f"[bold]{' '.join(key)}[/bold]")
        out.print(candidate_table(views, magnitudes[key]))


def _known(what: str, name: str | None, names: Sequence[str]) -> Sequence[str]:
    """Return the names to look at: the one asked for, or all."""
    if name is not None and name not in names:
        raise ConfigError(f"no {what} {name!r}; there are {', '.join(names)}")
    return names if name is None else (name,)


def candidate_magnitudes(store: Store, views: Sequence[CandidateView]) -> list[float]:
    """Return the AB magnitude of each candidate's difference flux, sign dropped."""
    import numpy as np

    from fink_ad.alerts.photometry import flux_to_mag
    from fink_ad.store import unpack_alerts

    found: dict[tuple[str, int], float] = {}
    for survey in {view.survey for view in views}:
        ids = [view.alert_id for view in views if view.survey == survey]
        records = store.kept(survey, ids)
        alerts = unpack_alerts([record.alert for record in records])
        mags, _ = flux_to_mag(np.abs(alerts.numbers("diff_flux_njy")))
        for alert_id, mag in zip(alerts.numbers("alert_id").tolist(), mags.tolist(), strict=True):
            found[survey, alert_id] = mag
    return [found.get((view.survey, view.alert_id), math.nan) for view in views]


def candidate_table(
    views: Sequence[CandidateView],
    magnitudes: Sequence[float],
    planted: Collection[str] = (),
) -> Table:
    """Lay out candidates for a terminal of 80 columns; `planted` objects get a star."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("#", justify="right")
    table.add_column("rarity", justify="right", no_wrap=True)
    table.add_column("object", no_wrap=True, max_width=24, overflow="ellipsis")
    table.add_column(r"ra, dec \[deg]", justify="right", no_wrap=True)
    table.add_column("mag", justify="right", no_wrap=True)
    table.add_column("classes and why", overflow="fold", ratio=1)
    for place, (view, mag) in enumerate(zip(views, magnitudes, strict=True), start=1):
        star = "*" if view.object_id in planted else ""
        told = [shown(text) for text in _labels(view)]
        told += [f"[dim]{shown(_why(*feature))}[/dim]" for feature in view.top_features]
        table.add_row(
            f"{place}{star}",
            rarity_text(view.one_in, view.beyond, view.provisional),
            shown(view.object_id),
            f"{view.ra_deg:.4f} {view.dec_deg:+.4f}",
            f"{view.band} {mag:.2f}" if math.isfinite(mag) else view.band,
            ", ".join(told),
            style="bold green" if star else None,
        )
    return table


def _labels(view: CandidateView) -> list[str]:
    """Return classes and tags; the tags that say the broker's classes again are left out."""
    said_already = tuple(f"broker:{text}" for text in view.broker_classes)
    return [*view.broker_classes, *(tag for tag in view.tags if tag not in said_already)]


def rarity_text(one_in: float, beyond: bool, provisional: bool) -> str:
    """Write a rarity in a few characters: ``~>1 in 312``."""
    return f"{'~' if provisional else ''}{'>' if beyond else ''}1 in {one_in:,.0f}"


def _why(name: str, value: float | None, contribution: float, unit: str = "", *_: object) -> str:
    short = name.split(".", 1)[-1]
    return short if value is None else f"{short} {value:.3g} {unit}".rstrip()


def _to_json(view: CandidateView, mag: float) -> dict[str, Any]:
    from fink_ad.forest import ToldFeature

    told = [ToldFeature(*feature)._asdict() for feature in view.top_features]
    form = asdict(view) | {"alert_id": str(view.alert_id), "mag": mag, "top_features": told}
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in form.items()
    }
