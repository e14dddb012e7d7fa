"""`fink-ad retrain`: a new model, judged before it goes live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fink_ad.cli.app import err, out, print_json, shown, state_of
from fink_ad.cli.promotion import Operator, operator_name, print_figures
from fink_ad.errors import ConfigError

if TYPE_CHECKING:
    from fink_ad.config import Settings
    from fink_ad.retrain import Outcome
    from fink_ad.store import Store

__all__ = ["retrain"]


def retrain(
    context: typer.Context,
    survey: Annotated[str, typer.Option(help="Whose model; by default all.")] = "",
    population: Annotated[str, typer.Option(help="Whose model; by default all.")] = "",
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="Draw from all nights, and compute all features of kept alerts anew."
        ),
    ] = False,
    learner: Annotated[
        str,
        typer.Option(
            help="Another learner than forest.learner; only to compare, with --dry-run.",
            show_default=False,
        ),
    ] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Put it in force whatever the gate says.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Train and judge, and leave nothing behind.")
    ] = False,
    by: Operator = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Train a new model on the last nights and all answers; the gate decides whether it serves.

    Trees are grown on a new reference sample with the features of today; the features of old
    answers are computed anew where providers have changed. The new model and the one in force
    are refitted and judged on the same answers. With fewer than `retrain.min_answers` there is
    not enough evidence, and you decide: `fink-ad models promote ID`.

    One retraining at a time is at work. Whenever it is stopped, a whole model is in force.
    Where it went wrong for one of several models, the exit code is 1.
    """
    from fink_ad.retrain import FAILED, retrain_all

    state = state_of(context)
    settings = _with_learner(state.settings, learner)
    if settings.forest.learner != state.settings.forest.learner and not dry_run:
        # The next answer would be learned by the learner of the settings again.
        raise ConfigError(
            f"a model of learner {learner!r} would not last: set forest.learner to it, or compare "
            "with --dry-run"
        )
    force_by = operator_name(by) if force else ""
    with state.open_store() as store, err.status("") as status:
        outcomes = retrain_all(
            store,
            settings,
            _keys(store, survey, population),
            full=full,
            force_by=force_by,
            dry_run=dry_run,
            on_step=lambda step: status.update(step),
        )
    if as_json:
        print_json([vars(one) for one in outcomes])
    else:
        _print(outcomes, dry_run=dry_run)
    if any(one.verdict == FAILED for one in outcomes):
        raise typer.Exit(1)


def _print(outcomes: tuple[Outcome, ...], *, dry_run: bool) -> None:
    for one in outcomes:
        head = (
            f"{one.survey} {one.population} {one.contender[:12]}".rstrip()
            + f": [bold]{one.verdict}[/bold]"
        )
        out.print(f"{head}, {shown(one.reason)}", highlight=False)
        print_figures(one.figures)
        if one.verdict == "not enough evidence" and not dry_run:
            hint = f"fink-ad models promote {one.contender[:12]}"
            out.print(f"You decide: [bold]{hint}[/bold]", highlight=False)
    if not outcomes:
        out.print("No models yet. [bold]fink-ad run --source files PATH...[/bold] makes one.")


def _with_learner(settings: Settings, learner: str) -> Settings:
    """Return settings with another learner; the parameters of the one before do not fit it."""
    from fink_ad.forest.learners import LEARNERS

    if not learner or learner == settings.forest.learner:
        return settings
    if learner not in LEARNERS:
        raise ConfigError(f"learner {learner!r} is not one of {', '.join(LEARNERS)}")
    forest = settings.forest.model_copy(update={"learner": learner, "parameters": {}})
    return settings.model_copy(update={"forest": forest})


def _keys(store: Store, survey: str, population: str) -> list[tuple[str, str]]:
    """Return whose models are asked for and there; all that are in force by default."""
    from fink_ad.alerts import POPULATIONS, SURVEYS

    for word, known in ((survey, SURVEYS), (population, POPULATIONS)):
        if word and word not in known:
            raise ConfigError(f"{word!r} is not one of {', '.join(known)}")
    keys = [
        (one, other)
        for one in SURVEYS
        for other in POPULATIONS
        if survey in ("", one) and population in ("", other)
    ]
    there = [key for key in keys if store.active_model(*key) is not None]
    # Asked for by name: that there is none is worth an error.
    return there or (keys if survey or population else [])
