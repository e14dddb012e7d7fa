"""`fink-ad demo`: the whole street on a simulated night, from alerts to candidates."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from fink_ad.cli.app import out, state_of
from fink_ad.cli.candidates import candidate_magnitudes, candidate_table
from fink_ad.cli.progress import print_summary, stop_on_ctrl_c, watched
from fink_ad.cli.reading import files_source

__all__ = ["demo"]

NIGHT = 20260110


def demo(
    context: typer.Context,
    top: Annotated[int, typer.Option(min=1, help="How many candidates to show.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulated night.")] = 1,
) -> None:
    """Simulate a small night, run the street on it, and mark the planted anomalies.

    Works in the folder `demo` of the home folder, which it empties first; everything else in
    the home folder stays as it is.
    """
    from fink_ad.pipeline import run as run_street
    from fink_ad.simulate import simulate_night, write_night
    from fink_ad.store import Store

    base = state_of(context).settings
    home = base.home / "demo"
    shutil.rmtree(home, ignore_errors=True)
    settings = base.model_copy(update={"home": home, "database_url": ""})

    out.print(f"[bold]1. Simulating the night {NIGHT}[/bold]")
    night = simulate_night(NIGHT, n_objects=2500, seed=seed, stamps="pool")
    files = write_night(home / "packets", night)
    planted = night.truth[night.truth["anomaly"]]
    out.print(f"   {len(night):,} alerts of {len(night.truth):,} objects, {len(planted)} planted")

    out.print("\n[bold]2. Running the street: features, forest, candidates[/bold]")
    source = files_source(settings, [str(path) for path in files.alerts], schema=None)
    with Store.open(home) as store:
        with stop_on_ctrl_c() as should_stop, watched(source) as on_batch:
            summary = run_street(
                source, store, settings, on_batch=on_batch, should_stop=should_stop
            )
        print_summary(summary)
        # Bodies of the solar system compete among themselves; nothing is planted there.
        views = store.candidates(top, survey="ztf", population="transient")
        magnitudes = candidate_magnitudes(store, views)
    if summary.interrupted:
        raise typer.Exit(130)

    out.print(f"\n[bold]3. The {len(views)} strangest transients, planted ones marked *[/bold]")
    out.print(candidate_table(views, magnitudes, set(planted["object_id"])))
    found = planted[planted["object_id"].isin([view.object_id for view in views])]
    out.print(f"\n{len(found)} of {len(planted)} planted anomalies are among them.")
    _say_next(home, views[0].object_id if views else "")


def _say_next(home: Path, object_id: str) -> None:
    out.print("\n[bold]Next[/bold]")
    for command, what in (
        (f"fink-ad --home {home} show {object_id}", "one object and its light curve"),
        ("fink-ad run --source files PATH...", "your own ZTF or Rubin alerts"),
        ("fink-ad --help", "everything else"),
    ):
        out.print(f"  {command}\n      [dim]{what}[/dim]", highlight=False, soft_wrap=True)
