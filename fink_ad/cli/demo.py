"""`fink-ad demo`: three simulated nights and a reviewer, whose answers bring up what is rare."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from fink_ad.cli.app import out, shown, state_of
from fink_ad.cli.candidates import candidate_magnitudes, candidate_table
from fink_ad.cli.progress import stop_on_ctrl_c
from fink_ad.cli.rehearse import LEARNING, night_table, play_watched

if TYPE_CHECKING:
    from fink_ad.rehearsal import Climbs

__all__ = ["demo"]

LAST_NIGHT, N_NIGHTS, N_OBJECTS = 20260110, 3, 2500
PLANTED = {"double_peaked_supernova": 8, "kilonova": 8, "r_crb": 8, "slow_riser": 8}


def demo(
    context: typer.Context,
    per_night: Annotated[
        int, typer.Option(min=1, help="Objects shown to the reviewer each night.")
    ] = 30,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulated sky.")] = 0,
    top: Annotated[int, typer.Option(min=1, help="Candidates of the last night to show.")] = 10,
) -> None:
    """Simulate three nights, run the street on them, and let a reviewer who knows answer.

    Shows what was found each night, and how the planted anomalies of the last night rank
    before and after the answers.

    Works in the folder `demo` of the home folder, which it empties first; everything else in
    the home folder stays as it is.
    """
    from fink_ad.rehearsal import Oracle, Season, climbs, rehearsal_settings
    from fink_ad.simulate import simulate_night
    from fink_ad.store import Store

    base = state_of(context).settings
    home = base.home / "demo"
    shutil.rmtree(home, ignore_errors=True)
    settings = rehearsal_settings(base, home)

    out.print(f"[bold]1. Simulating {N_NIGHTS} nights[/bold]")
    simulated = simulate_night(
        LAST_NIGHT,
        n_objects=N_OBJECTS,
        inject=PLANTED,
        seed=seed,
        nights=N_NIGHTS,
        stamps="pool",
    )
    season = Season.write(home / "packets", [simulated])
    out.print(
        f"   {len(simulated):,} alerts of {len(simulated.truth):,} objects; "
        f"{len(season.planted)} of them are planted anomalies"
    )

    out.print(f"\n[bold]2. Each night: run the street, show {per_night} objects, learn[/bold]")
    with stop_on_ctrl_c() as should_stop:
        oracle = Oracle.of(simulated.truth, seed=seed)
        reports = play_watched(season, oracle, settings, per_night, LEARNING, should_stop)
    out.print(night_table({LEARNING: reports}))

    found = climbs(season, reports, settings)
    n_answers = sum(len(report.shown) for report in reports[:-1])
    out.print(f"\n[bold]3. What is planted climbs, after {n_answers} answers[/bold]")
    _print_climbs(found, per_night)

    with Store.open(home) as store:
        views = store.candidates(top, night=LAST_NIGHT, population="transient")
        magnitudes = candidate_magnitudes(store, views)
    out.print(f"\n[bold]4. The strangest of {LAST_NIGHT}, planted ones marked *[/bold]")
    out.print(candidate_table(views, magnitudes, {row.object_id for row in found.objects}))
    _say_next(home, found.objects[0].object_id if found.objects else "OBJECT")


def _print_climbs(found: Climbs, per_night: int) -> None:
    """Print the rank of every planted object of the last night, before and after."""
    out.print(
        f"   Ranks among the {found.n_objects:,} objects of {found.night}, 1 is the strangest: by "
        "the\n   first forest, and by the one that learned from the nights before."
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("first", "learned"):
        table.add_column(heading, justify="right")
    for heading in ("class", "object", ""):
        table.add_column(heading, no_wrap=True)
    for one in found.objects:
        table.add_row(
            f"{one.before:,}",
            f"{one.after:,}",
            shown(one.kind),
            shown(one.object_id),
            "answered before" if one.answered else "",
            style="dim" if one.answered else "bold green" if one.after < one.before else None,
        )
    out.print(table)
    n_new = sum(not one.answered for one in found.objects)
    before, after = found.n_within(per_night)
    out.print(
        f"\n{n_new} were new to the reviewer. Of these, the first forest has {before} among its "
        f"first {per_night}, the one that learned {after}. A class that was never answered "
        "about may sink.",
        highlight=False,
    )


def _say_next(home: Path, object_id: str) -> None:
    out.print("\n[bold]Next[/bold]")
    for command, what in (
        (f"fink-ad --home {home} show {object_id}", "one object and its light curve"),
        (f"fink-ad --home {home} candidates", "the strangest alerts of these nights"),
        (f"fink-ad --home {home} ui", "review them yourself in the browser: one key an answer"),
        ("fink-ad rehearse --oracle errs=0.1 --compare", "a whole season, and a curve of it"),
        ("fink-ad run --source files PATH...", "your own ZTF or Rubin alerts"),
    ):
        out.print(f"  {command}\n      [dim]{what}[/dim]", highlight=False, soft_wrap=True)
