"""`fink-ad models promote|rollback|decisions`: who let which model in, and why."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from fink_ad.cli.app import State, out, print_json, shown, state_of
from fink_ad.errors import ConfigError

if TYPE_CHECKING:
    from fink_ad.store import Decision

__all__ = [
    "Operator",
    "decisions",
    "operator_name",
    "print_figures",
    "promote",
    "rollback",
    "standings",
]

Operator = Annotated[
    str, typer.Option("--by", help="Who decides; by default your login name.", show_default=False)
]
_NO_PERSONS = ("gate", "learner")

_TOLD = {
    "average_precision": "average precision",
    "average_precision_within_bins": "average precision among alerts with as many detections",
    "precision_30": "precision among the first 30",
    "artefact_share": "artefacts among the first 30",
}

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def promote(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="ID", help="How the model's id begins.")],
    by: Operator = "",
) -> None:
    """Put a model in force although the gate did not; what it replaces is kept."""
    from fink_ad.retrain import promote_model

    state = state_of(context)
    with state.open_store() as store:
        revision = store.find_revision(model)
        decision = promote_model(store, state.settings, revision, operator_name(by))
    out.print(
        f"{decision.survey} {decision.population}: {revision[:12]} is in force, "
        f"by {shown(decision.by)}",
        highlight=False,
    )


def rollback(
    context: typer.Context,
    survey: Annotated[str, typer.Option(help="Whose model.")] = "ztf",
    population: Annotated[str, typer.Option(help="Whose model.")] = "transient",
    by: Operator = "",
) -> None:
    """Return to the model that was in force before; answers given since are learned by it."""
    from fink_ad.retrain import rollback_model

    state = state_of(context)
    with state.open_store() as store:
        found = rollback_model(store, state.settings, survey, population, operator_name(by))
    out.print(f"{survey} {population}: {found.revision.id[:12]} is in force", highlight=False)


def decisions(
    context: typer.Context,
    survey: Annotated[str | None, typer.Option(help="Of this survey only.")] = None,
    population: Annotated[str | None, typer.Option(help="Of this population only.")] = None,
    as_json: Json = False,
) -> None:
    """Print what was decided about new models, the latest first, with the figures."""
    state = state_of(context)
    with state.open_store() as store:
        found = store.decisions(survey, population)[::-1]
    if as_json:
        rows = [vars(one) | {"decided_at": one.decided_at.isoformat()} for one in found]
        print_json(rows)
        return
    if not found:
        out.print("Nothing was decided yet. [bold]fink-ad retrain[/bold] makes a new model.")
        return
    for one in found:
        head = (
            f"{one.decided_at:%Y-%m-%d %H:%M}  {one.survey} {one.population} {one.contender[:12]}"
        )
        told = f"{head}: [bold]{one.verdict}[/bold] by {shown(one.by)}"
        out.print(told, highlight=False, soft_wrap=True)
        for line in _grounds(one):
            out.print(f"    {shown(line)}", style="dim", highlight=False)


def _grounds(decision: Decision) -> list[str]:
    """Return in words what a decision rests on, as far as it was noted."""
    figures = decision.figures
    lines = [str(figures["reason"])] if figures.get("reason") else []
    lines += [str(failure) for failure in figures.get("failures", ())]
    if decision.verdict == "rolled back" and decision.incumbent:
        lines.append(f"instead of {decision.incumbent[:12]}")
    if held_back := figures.get("held_back"):
        lines.append(f"{figures['n_answers']} answers, {figures['n_anomalies']} anomalies")
        for name, words in _TOLD.items():
            told = [
                f"{value:.3f} {of}"
                for of in ("contender", "incumbent", "baseline")
                if (value := held_back.get(of, {}).get(name)) is not None
            ]
            lines.append(f"{words}: {', '.join(told)}")
    if imports := figures.get("imports"):
        lines.append(f"with imports nobody vouched for: {', '.join(map(str, imports))}")
    return lines


def standings(state: State) -> dict[str, dict[str, Any]]:
    """Return of the models the store knows more of since when each serves, and its verdict."""
    from fink_ad.alerts import POPULATIONS, SURVEYS
    from fink_ad.store import database_exists

    found: dict[str, dict[str, Any]] = {}
    if not database_exists(state.settings.database_url or state.settings.home):
        return found
    with state.open_store() as store:
        for one in store.decisions():
            # What is rolled back to keeps its verdict; what it replaces was taken back.
            if one.verdict == "rolled back" and one.incumbent:
                found[one.incumbent] = {"active_since": None, "verdict": "taken back"}
            else:
                found[one.contender] = {"active_since": None, "verdict": one.verdict}
        for survey in SURVEYS:
            for population in POPULATIONS:
                active = store.active_model(survey, population)
                if active is not None:
                    told = found.setdefault(active.revision.id, {"verdict": ""})
                    told["active_since"] = active.activated_at.isoformat(timespec="seconds")
    return found


def operator_name(given: str) -> str:
    """Return who decides, as it is written down.

    Raises
    ------
    ConfigError
        If that is nobody, or a name that stands for a decision no person made.
    """
    try:
        name = given or getpass.getuser()
    except (OSError, KeyError):  # a container may run as nobody in particular
        raise ConfigError("nobody is logged in: say who decides with --by NAME") from None
    if name in _NO_PERSONS:
        raise ConfigError(f"{name!r} is no person: say who decides with --by NAME")
    return name


def print_figures(figures: Mapping[str, Any]) -> None:
    """Print the numbers of a decision, one a line; what is nested is left to ``--json``."""
    for name, value in figures.items():
        if isinstance(value, float | int | str) and name not in ("reason", "gate"):
            told = f"{value:.3f}" if isinstance(value, float) else str(value)
            out.print(f"  {escape(name):32} {escape(told)}", highlight=False)
