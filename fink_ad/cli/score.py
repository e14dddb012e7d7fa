"""`fink-ad score`: the anomaly scores of files, as a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fink_ad.cli.app import State, state_of
from fink_ad.cli.features import Out, report
from fink_ad.cli.reading import Paths, SchemaFile, files_source
from fink_ad.errors import ModelError

if TYPE_CHECKING:
    from fink_ad.forest import Model
    from fink_ad.sources.files import FilesSource

__all__ = ["score"]


def score(
    context: typer.Context,
    paths: Paths,
    target: Out,
    model: Annotated[
        str | None,
        typer.Option(
            help="Model to score the alerts of its population with: a folder, an id, or how the "
            "id begins. Default, and for the other population: the active model; without one, a "
            "forest grown on these files.",
            show_default=False,
        ),
    ] = None,
    schema: SchemaFile = None,
) -> None:
    """Write the anomaly score of every alert in the files, one row each, in input order.

    Columns: survey, alert_id, object_id, mjd_utc, night, population, score (higher =
    stranger), rarity (1 in N against the model's reference sample), model, provisional.
    Nothing is stored; a model whose features differ from today's is refused.
    """
    from fink_ad.features import Context
    from fink_ad.pipeline.offline import first_models, write_scores
    from fink_ad.pipeline.tables import side_tables

    state = state_of(context)
    snapshot = Context(dict(state.settings.provider), tables=side_tables(state.settings))
    source = files_source(state.settings, paths, schema)
    given = _active(state, source)
    if model is not None:
        named = _named(state, model)
        given[named.population] = named
    models = first_models(source, state.settings, snapshot, given)
    report(write_scores(source, models, snapshot, target, state.settings), target)


def _named(state: State, name: str) -> Model:
    """Load a model by folder, or by (the beginning of) its id."""
    from fink_ad.forest import Model

    if name and Path(name).is_dir():
        return Model.load(Path(name))
    folder = state.settings.models_dir
    known = sorted(folder.iterdir()) if folder.is_dir() else []
    found = [one for one in known if one.is_dir() and one.name.startswith(name)]
    if len(found) != 1:
        many = f"{len(found)} models" if found else "no model"
        raise ModelError(f"{many} called {name!r} in {folder}, and no such folder")
    return Model.load(found[0])


def _active(state: State, source: FilesSource) -> dict[str, Model]:
    """Load the active models of the survey the files begin with, if there is a store."""
    from fink_ad.alerts import POPULATIONS
    from fink_ad.forest import Model
    from fink_ad.pipeline.offline import first_survey
    from fink_ad.store import Store, database_exists

    settings = state.settings
    if not database_exists(settings.database_url or settings.home):
        return {}
    survey = first_survey(source)
    with Store.open(settings.home, settings.database_url or None) as store:
        active = {population: store.active_model(survey, population) for population in POPULATIONS}
    return {
        population: Model.load(settings.models_dir / found.revision.id)
        for population, found in active.items()
        if found is not None
    }
