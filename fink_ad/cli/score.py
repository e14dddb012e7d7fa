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
            help="Model to score with: a folder, an id, or how the id begins. Default: the "
            "active models; without any, a forest grown on these files.",
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
    from fink_ad.alerts import POPULATIONS
    from fink_ad.features import Context
    from fink_ad.pipeline.offline import first_models, write_scores

    state = state_of(context)
    snapshot = Context(dict(state.settings.provider))
    source = files_source(state.settings, paths, schema)
    if model is not None:
        models = dict.fromkeys(POPULATIONS, _named(state, model))
    else:
        models = first_models(source, state.settings, snapshot, _active(state, source))
    report(write_scores(source, models, snapshot, target), target)


def _named(state: State, name: str) -> Model:
    """Load a model by folder, or by (the beginning of) its id."""
    from fink_ad.forest import Model
    from fink_ad.pipeline import models_dir

    if Path(name).is_dir():
        return Model.load(Path(name))
    found = sorted(p for p in models_dir(state.settings).glob(f"{name}*") if p.is_dir())
    if len(found) != 1:
        many = "no model" if not found else f"{len(found)} models"
        raise ModelError(f"{many} called {name!r} in {models_dir(state.settings)}")
    return Model.load(found[0])


def _active(state: State, source: FilesSource) -> dict[str, Model]:
    """Load the active models of the survey the files begin with, if there is a store."""
    from fink_ad.alerts import POPULATIONS
    from fink_ad.forest import Model
    from fink_ad.pipeline import models_dir
    from fink_ad.pipeline.offline import first_survey
    from fink_ad.store import Store, database_exists

    settings = state.settings
    if not database_exists(settings.database_url or settings.home):
        return {}
    survey = first_survey(source)
    with Store.open(settings.home, settings.database_url or None) as store:
        active = {population: store.active_model(survey, population) for population in POPULATIONS}
    return {
        population: Model.load(models_dir(settings) / found.model.id)
        for population, found in active.items()
        if found is not None
    }
