"""`fink-ad models`: which models there are, what one is, how two rank."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from fink_ad.cli.app import State, out, print_json, shown, state_of
from fink_ad.cli.promotion import decisions, promote, rollback, standings
from fink_ad.errors import ConfigError, ModelError, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from fink_ad.forest import Model
    from fink_ad.forest.peers import PeerForest
    from fink_ad.store.history_queries import HistoryRows

__all__ = ["models_app"]

models_app = typer.Typer(help="See models: list them, show one, compare two.", no_args_is_help=True)

for command in (promote, rollback, decisions):
    models_app.command()(command)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@models_app.command("list")
def list_models(context: typer.Context, as_json: Json = False) -> None:
    """Print every model in the models folder: since when it serves, what was decided of it."""
    state = state_of(context)
    active = _active_ids(state)
    known = standings(state)
    unknown = {"active_since": None, "verdict": ""}
    rows = [
        _summary(folder, active) | known.get(folder.name, unknown) for folder in _folders(state)
    ]
    if as_json:
        print_json(rows)
        return
    if not rows:
        out.print("No models yet. [bold]fink-ad run --source files PATH...[/bold] makes one.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("model", "survey", "population", "learner", "alerts", "answers", ""):
        right = heading in ("alerts", "answers")
        table.add_column(heading, justify="right" if right else "left")
    for row in rows:
        since = f"active since {row['active_since'][:10]}" if row["active_since"] else ""
        told = row["problem"] or since or ("active" if row["active"] else row["verdict"])
        cells = [str(row[key]) for key in ("survey", "population", "learner")]
        counts = [str(row[key]) for key in ("n_reference", "n_labels")]
        table.add_row(row["id"][:12], *map(escape, cells), *counts, escape(told))
    out.print(table)


@models_app.command("show")
def show_model(
    context: typer.Context,
    model: Annotated[
        str, typer.Argument(metavar="ID", help="How the model's id begins, or its folder.")
    ],
    as_json: Json = False,
) -> None:
    """Print the card of a model: features, parameters, answers, speed, what it looks at.

    Answers are counted by reviewer where the model was told who gave them.
    """
    from fink_ad.forest.card import model_card

    state = state_of(context)
    found, folder = _load(state, model)
    card = model_card(found, folder) | {"active": found.id in _active_ids(state)}
    if as_json:
        print_json(card)
        return
    for key, value in card.items():
        if key == "telling_features":
            told = ", ".join(f"{one['column']} ({one['contribution']:+.3f})" for one in value)
        elif key == "columns":
            told = f"{len(value)}: {', '.join(value)}"
        elif key == "reviewers":
            told = "; ".join(f"{name}: {_counts(said)}" for name, said in value.items()) or "-"
        elif isinstance(value, dict):
            told = _counts(value) or "none"
        elif isinstance(value, list):
            told = ", ".join(map(str, value)) or "none"
        else:
            told = _short(value)
        out.print(f"[bold]{key.replace('_', ' '):18}[/bold] {shown(told)}", highlight=False)


@models_app.command("compare")
def compare_models(
    context: typer.Context,
    first: Annotated[
        str, typer.Argument(metavar="A", help="How a model's id begins, its folder, or .onnx.")
    ],
    second: Annotated[str, typer.Argument(metavar="B", help="The same of the other.")],
    night: Annotated[int, typer.Option(help="Alerts of this night are ranked, YYYYMMDD.")],
    names: Annotated[
        str | None,
        typer.Option(
            help="Columns of an .onnx forest, in its own order, which must be alphabetical: "
            "with commas, or a file with one a line.",
            show_default=False,
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Length of the top lists.")] = 20,
    as_json: Json = False,
) -> None:
    """Rank one night by two models: rank correlation, and the top lists side by side.

    At least one must be a model of ours, whose features the night was stored with. A forest of
    another system (.onnx) scores the alerts that have all its columns.
    """
    from fink_ad.forest import Model
    from fink_ad.forest.comparison import compare_scores

    state = state_of(context)
    pair = [_either(state, name, names) for name in (first, second)]
    ours = [model for model in pair if isinstance(model, Model)]
    if not ours:
        raise ConfigError("one of the two models must be ours: it says which features to read")
    rows = _night(state, ours[0], night)
    scores = [_scores(model, rows) for model in pair]
    compared = compare_scores(scores[0], scores[1], top)
    lists = [[_alert(rows, row) for row in rows_of.tolist()] for rows_of in compared.tops]
    if as_json:
        form = compared.to_json() | {"night": night, "first": lists[0], "second": lists[1]}
        print_json(form)
        return
    out.print(
        f"{compared.n_alerts:,} alerts of {night}: rank correlation "
        f"{compared.rank_correlation:.3f}, {compared.n_common} of the first {len(lists[0])} "
        "in common",
        highlight=False,
    )
    for only, name in zip(compared.n_only, (first, second), strict=True):
        if only:
            out.print(f"{only:,} alerts are scored by {escape(name)} alone", highlight=False)
    table = Table("#", escape(first), escape(second), box=None, pad_edge=False)
    shared = {one["alert_id"] for one in lists[0]} & {one["alert_id"] for one in lists[1]}
    for place, (left, right) in enumerate(zip(*lists, strict=True), start=1):
        cells = [
            f"{escape(one['object_id'])}{'*' if one['alert_id'] in shared else ''}"
            for one in (left, right)
        ]
        table.add_row(str(place), *cells)
    out.print(table)
    out.print("* on both lists")


def _counts(numbers: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {_short(number)}" for name, number in numbers.items())


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _folders(state: State) -> list[Path]:

    folder = state.settings.models_dir
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [one for one in found if one.is_dir() and not one.name.startswith(".")]


def _load(state: State, name: str) -> tuple[Model, Path]:
    """Load a model by folder, or by how its id begins."""
    from fink_ad.forest import Model

    if name and Path(name).is_dir():
        return Model.load(Path(name)), Path(name)
    found = [folder for folder in _folders(state) if name and folder.name.startswith(name)]
    if len(found) != 1:
        many = f"{len(found)} models begin" if found else "no model begins"
        raise ModelError(f"{many} with {name!r}; see fink-ad models list")
    return Model.load(found[0]), found[0]


def _either(state: State, name: str, names: str | None) -> Model | PeerForest:
    from fink_ad.forest.peers import PeerForest

    if not name.endswith(".onnx"):
        return _load(state, name)[0]
    if names is None:
        raise ConfigError(
            f"{name} does not know the names of its columns: give them with --names, in the "
            "order it was trained on"
        )
    return PeerForest.read(Path(name), _names(names))


def _names(text: str) -> list[str]:
    if Path(text).is_file():
        text = Path(text).read_text().replace("\n", ",")
    return [name.strip() for name in text.split(",") if name.strip()]


def _active_ids(state: State) -> set[str]:
    from fink_ad.alerts import POPULATIONS, SURVEYS
    from fink_ad.store import database_exists

    settings = state.settings
    if not database_exists(settings.database_url or settings.home):
        return set()
    with state.open_store() as store:
        found = [store.active_model(survey, pop) for survey in SURVEYS for pop in POPULATIONS]
    return {one.revision.id for one in found if one is not None}


def _summary(folder: Path, active: set[str]) -> dict[str, Any]:
    """Return what the list says of a model; of a damaged one, what is wrong with it."""
    from fink_ad.forest import Model

    try:
        model = Model.load(folder)
    except ModelError as error:
        blank = dict.fromkeys(("survey", "population", "learner"), "")
        counts = {"n_reference": 0, "n_labels": 0}
        return (
            {"id": folder.name, "active": folder.name in active}
            | blank
            | counts
            | {"problem": str(error)}
        )
    return {
        "id": model.id,
        "active": model.id in active,
        "survey": model.survey,
        "population": model.population,
        "learner": model.learner.name,
        "n_reference": len(model.reference),
        "n_labels": 0 if model.labelled is None else len(model.labelled),
        "problem": "",
    }


def _night(state: State, model: Model, night: int) -> HistoryRows:
    with state.open_store() as store:
        rows = store.read_features(
            model.survey, model.population, model.schema.hash, nights=[night]
        )
    if rows is None:
        raise StoreError(
            f"no {model.survey} {model.population} alerts of night {night} with the features "
            f"of model {model.short_id} in the store"
        )
    return rows


def _scores(model: Model | PeerForest, rows: HistoryRows) -> NDArray[np.float64]:
    from fink_ad.forest import Model

    if isinstance(model, Model):
        return model.score(rows.features, rows.n_det)
    return model.score(rows.features)


def _alert(rows: HistoryRows, row: int) -> dict[str, str]:
    return {"object_id": str(rows.object_id[row]), "alert_id": str(rows.alert_id[row])}
