"""`fink-ad show`: one object, in words and as a picture."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from fink_ad.cli.app import out, shown, state_of
from fink_ad.cli.candidates import rarity_text
from fink_ad.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fink_ad.store import CandidateView, KeptRecord

__all__ = ["percentile_text", "show"]

_NAME_LENGTH = 60


def show(
    context: typer.Context,
    object_id: Annotated[
        str, typer.Argument(metavar="OBJECT", help="Object id, as `fink-ad candidates` shows it.")
    ],
    target: Annotated[
        Path | None,
        typer.Option("--out", help="Picture to write; default OBJECT.png.", show_default=False),
    ] = None,
) -> None:
    """Print what is kept of an object, and draw its light curve to a PNG.

    Drawn is its latest kept alert, with the history that came in the packet: difference flux
    against time, forced photometry hollow, upper limits as arrows.
    """
    from fink_ad.review import light_curve_figure
    from fink_ad.store import unpack_alerts

    with state_of(context).open_store() as store:
        records = store.object_alerts(object_id)
        if not records:
            raise StoreError(
                f"no kept alert of object {object_id!r}: candidates, the strangest of each "
                "night and a random share are kept; see fink-ad candidates"
            )
        views = {
            (view.survey, view.alert_id): view
            for view in store.candidates(top=None, object_id=object_id, best_per_object=False)
        }
    latest = records[-1]
    _print(latest, records, views)
    alert = unpack_alerts([latest.alert])
    path = target or Path(re.sub(r"[^\w+-]", "_", object_id)[:_NAME_LENGTH] + ".png")
    try:
        light_curve_figure(alert).savefig(path, dpi=120, format="png")
    except OSError as error:
        raise StoreError(f"cannot write the picture {path}: {error.strerror or error}") from error
    out.print(f"light curve: {path}", highlight=False, soft_wrap=True)


def _print(
    latest: KeptRecord,
    records: Sequence[KeptRecord],
    views: dict[tuple[str, int], CandidateView],
) -> None:
    out.print(f"[bold]{shown(latest.object_id)}[/bold]  {latest.survey} {latest.population}")
    out.print(f"ra, dec   {latest.ra_deg:.5f} {latest.dec_deg:+.5f} deg", highlight=False)
    if latest.broker_classes:
        out.print(f"classes   {shown(', '.join(latest.broker_classes))}", highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("alert", "night", "mjd", "band", "detections", "score", "rarity"):
        table.add_column(heading, justify="left" if heading == "band" else "right")
    for record in records:
        view = views.get((record.survey, record.alert_id))
        rarity = rarity_text(view.one_in, view.beyond, view.provisional) if view else "-"
        table.add_row(
            str(record.alert_id),
            str(record.night),
            f"{record.mjd_utc:.4f}",
            record.band,
            str(record.n_det),
            f"{record.score:.4f}",
            rarity,
        )
    out.print(table)
    view = views.get((latest.survey, latest.alert_id))
    if view and view.top_features:
        out.print(_features(view.top_features))


def _features(features: Sequence[Sequence[Any]]) -> Table:
    """Lay out the features that made an alert strange, as `ToldFeature` has them."""
    from fink_ad.forest import ToldFeature

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("strange for", overflow="fold")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("percentile", justify="right", no_wrap=True)
    table.add_column("adds", justify="right", no_wrap=True)
    table.add_column("meaning", overflow="fold")
    for one in (ToldFeature(*feature) for feature in features):
        table.add_row(
            shown(one.name),
            "not defined" if one.value is None else shown(f"{one.value:.4g} {one.unit}".strip()),
            percentile_text(one.percentile),
            f"+{one.contribution:.3f}",
            shown(one.meaning),
        )
    return table


def percentile_text(percentile: float | None) -> str:
    """Write a percentile with as many digits as its distance from the nearer end needs."""
    if percentile is None:
        return "-"
    from_end = min(percentile, 100.0 - percentile)
    return f"{percentile:.0f}" if from_end >= 2.0 else f"{percentile:.1f}"
