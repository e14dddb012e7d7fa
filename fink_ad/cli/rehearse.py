"""`fink-ad rehearse`: a season of simulated nights with a simulated reviewer."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from fink_ad.cli.app import err, out, print_json, shown, state_of
from fink_ad.cli.progress import stop_on_ctrl_c
from fink_ad.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from fink_ad.config import Settings
    from fink_ad.rehearsal import NightReport, Oracle, Season

__all__ = ["LEARNING", "night_table", "play_watched", "rehearse"]

Reports = list["NightReport"]

LEARNING, CONTROL = "learning", "control"
FIGURE = "rehearsal.png"


class SimulatedSurvey(StrEnum):
    """Surveys whose alerts can be simulated."""

    ztf = "ztf"
    lsst = "lsst"


class ActiveLearner(StrEnum):
    """Learners that use answers."""

    fal = "fal"
    aad = "aad"
    pine = "pine"


def rehearse(
    context: typer.Context,
    nights: Annotated[int, typer.Option(min=1, help="Length of the season.")] = 14,
    survey: Annotated[
        SimulatedSurvey, typer.Option(help="Whose alerts are simulated.")
    ] = SimulatedSurvey.ztf,
    oracle: Annotated[
        str,
        typer.Option(
            metavar="SHARES",
            help="How the reviewer fails: shares of objects judged wrongly and not at all, as "
            "`errs=0.1,unsure=0.05`.",
        ),
    ] = "errs=0",
    per_night: Annotated[int, typer.Option(min=1, help="Objects shown each night.")] = 10,
    objects: Annotated[int, typer.Option(min=1, help="Ordinary objects in the season.")] = 3000,
    inject: Annotated[
        list[str] | None,
        typer.Option(
            help="Plant N objects of a class, as `kilonova=3`; may be repeated. Default: some of "
            "each anomaly, more in longer seasons.",
            show_default=False,
        ),
    ] = None,
    night: Annotated[int, typer.Option(help="Last night, YYYYMMDD.")] = 20260131,
    learner: Annotated[
        ActiveLearner, typer.Option(help="What learns from the answers.")
    ] = ActiveLearner.fal,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same season.")] = 0,
    batch: Annotated[int, typer.Option(min=1, help="Answers given between two relearnings.")] = 1,
    retrain: Annotated[
        bool,
        typer.Option("--retrain", help="Make a new model each night, and let the gate judge it."),
    ] = False,
    compare: Annotated[
        bool,
        typer.Option("--compare", help="Add a control: the same without learning from answers."),
    ] = False,
    target: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="New or empty folder to work in. Default: `rehearsal` of the home folder, "
            "emptied first.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of tables.")
    ] = False,
) -> None:
    """Play a season of simulated nights with a simulated reviewer, and say what was found when.

    Every night goes through the whole street. The reviewer is shown what the queue draws, in
    its usual mix; each answer is stored, and the kept alerts are ranked anew before the next
    question. Found is what was planted and shown, whatever the answer.

    Writes the curve of finds to `rehearsal.png`. Nothing outside the folder is touched.
    """
    from fink_ad.rehearsal import Oracle, Season, parse_oracle, rehearsal_settings, season_figure
    from fink_ad.simulate import DEFAULT_INJECT, parse_counts, simulate_pieces

    base = state_of(context).settings
    errs, unsure = parse_oracle(oracle)
    folder = _empty_folder(target, base)
    planted = {name: n * max(1, nights // 5) for name, n in DEFAULT_INJECT.items()}
    pieces = simulate_pieces(
        night,
        survey=survey.value,
        n_objects=objects,
        inject=parse_counts(inject) if inject else planted,
        seed=seed,
        nights=nights,
    )
    season = Season.write(folder / "packets", pieces)
    reviewer = Oracle.of(season.truth, errs, unsure, seed)
    played: dict[str, Reports] = {}
    with stop_on_ctrl_c() as should_stop:
        for name in (LEARNING, CONTROL) if compare else (LEARNING,):
            settings = rehearsal_settings(base, folder / name, learner.value)
            played[name] = play_watched(
                season,
                reviewer,
                settings,
                per_night,
                name,
                should_stop,
                learn_every=batch,
                retraining=retrain and name == LEARNING,
            )
    figure = folder / FIGURE
    try:
        season_figure(played).savefig(figure, dpi=120)
    except OSError as error:
        raise StoreError(f"cannot write {figure}: {error.strerror or error}") from error
    if as_json:
        print_json(_to_json(season, played, oracle, seed, figure))
        return
    _print(season, played)
    out.print(f"\ncurve of finds: {figure}", highlight=False, soft_wrap=True)


def _empty_folder(target: Path | None, settings: Settings) -> Path:
    """Return a folder without anything in it; one that was named is never emptied."""
    if target is None:
        folder = settings.home / "rehearsal"
        shutil.rmtree(folder, ignore_errors=True)
        return folder
    try:
        if target.exists() and any(target.iterdir()):
            raise ConfigError(f"{target} is not empty: name a new folder with --out")
    except OSError as error:
        raise ConfigError(f"cannot work in {target}: {error.strerror or error}") from error
    return target


def play_watched(
    season: Season,
    oracle: Oracle,
    settings: Settings,
    per_night: int,
    name: str,
    should_stop: Callable[[], bool],
    *,
    learn_every: int = 1,
    retraining: bool = False,
) -> Reports:
    """Play one season with a bar on stderr; a wish to stop ends the command."""
    from fink_ad.rehearsal import play

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=None), MofNCompleteColumn())
    reports: Reports = []
    with Progress(*columns, TextColumn("nights"), console=err, transient=True) as progress:
        task = progress.add_task(name, total=len(season.nights))
        for report in play(
            season,
            oracle,
            settings,
            per_night,
            learning=name == LEARNING,
            learn_every=learn_every,
            retraining=retraining,
            should_stop=should_stop,
        ):
            reports.append(report)
            progress.advance(task)
            if should_stop():
                break
    if should_stop():
        raise typer.Exit(130)
    return reports


def _print(season: Season, played: Mapping[str, Reports]) -> None:
    """Print what each night brought, and what was found of each class."""
    reports = played[LEARNING]
    out.print(night_table(played))
    out.print()
    out.print(_class_table(season, played))
    for report in reports:
        if report.retrained is not None:
            told = f"{report.retrained.verdict}: {report.retrained.reason}"
            out.print(f"retrained after {report.night}: {shown(told)}", highlight=False)
    n_found, n_answers = _n_found(reports), sum(len(report.shown) for report in reports)
    out.print(
        f"\n{n_found} of {len(season.planted)} planted anomalies found in {n_answers} answers"
        + (
            f"; {_n_found(played[CONTROL])} by the control, which did not learn"
            if CONTROL in played
            else ""
        )
        + "."
    )


def night_table(played: Mapping[str, Reports]) -> Table:
    """Lay out the nights for a terminal of 80 columns; hits are planted objects, first time."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    headings = ["night", "alerts", "cand.", "shown", "hits", "found"]
    if CONTROL in played:
        headings.append("control")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("hits by class", overflow="fold")
    total = Counter[str]()
    for place, report in enumerate(played[LEARNING]):
        for name, reports in played.items():
            total[name] += sum(reports[place].found().values())
        found = report.found()
        table.add_row(
            str(report.night),
            f"{report.n_alerts:,}",
            f"{report.n_candidates:,}",
            str(len(report.shown)),
            str(sum(found.values())),
            f"{total[LEARNING]}/{report.n_appeared}",
            *([str(total[CONTROL])] if CONTROL in played else []),
            ", ".join(f"{shown(kind)} {n}" for kind, n in found.items()),
        )
    return table


def _class_table(season: Season, played: Mapping[str, Reports]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("class")
    for heading in ("planted", "found", "control")[: 1 + len(played)]:
        table.add_column(heading, justify="right")
    found = {name: _found(reports) for name, reports in played.items()}
    for kind, n in season.planted_by_class().items():
        table.add_row(shown(kind), str(n), *(str(of[kind]) for of in found.values()))
    return table


def _found(reports: Sequence[NightReport]) -> Counter[str]:
    found: Counter[str] = Counter()
    for report in reports:
        found.update(report.found())
    return found


def _n_found(reports: Sequence[NightReport]) -> int:
    return _found(reports).total()


def _to_json(
    season: Season, played: Mapping[str, Reports], oracle: str, seed: int, figure: Path
) -> dict[str, object]:
    return {
        "survey": season.survey,
        "oracle": oracle,
        "seed": seed,
        "planted": season.planted_by_class(),
        "found": {name: dict(sorted(_found(reports).items())) for name, reports in played.items()},
        "nights": {name: [one.to_json() for one in reports] for name, reports in played.items()},
        "figure": str(figure),
    }
