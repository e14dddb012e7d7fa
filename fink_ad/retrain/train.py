"""Make a contender: new trees on a new reference sample, and all answers so far."""

from __future__ import annotations

from dataclasses import dataclass

from fink_ad.config import Settings
from fink_ad.forest import LabelledAlerts, Model
from fink_ad.learn.answers import (
    Teaching,
    doubtful_channels,
    doubtful_imports,
    labelled_alerts,
    teaching_answers,
)
from fink_ad.learn.whose import Whose
from fink_ad.pipeline import model_record
from fink_ad.pipeline.models import train_model
from fink_ad.retrain.recompute import KeptFeatures, features_of_kept
from fink_ad.retrain.sample import draw_reference
from fink_ad.store import IMPORT_CHANNEL, LabelRecord, RevisionRecord, Store

__all__ = ["Contender", "make_contender", "store_contender"]


@dataclass(frozen=True, eq=False)
class Contender:
    """A model that might come into force.

    Attributes
    ----------
    model : Model
        What would go live.
    bare : Model
        The same trees before any answer.
    teaching : tuple of Teaching
        The answers it learned from, imports that are not trusted yet among them.
    imports : tuple of str
        Those imports: what is taken in later is in none of this.
    label_position : int
        Number of the latest label when they were read.
    claims : tuple of LabelRecord
        All that they say, also what was outvoted or speaks about objects answered here.
    labelled : LabelledAlerts or None
        The same with the features of its schema.
    kept : KeptFeatures
        Kept alerts with the features of its schema.
    """

    model: Model
    bare: Model
    teaching: tuple[Teaching, ...]
    imports: tuple[str, ...]
    label_position: int
    claims: tuple[LabelRecord, ...]
    labelled: LabelledAlerts | None
    kept: KeptFeatures


def make_contender(
    store: Store, settings: Settings, survey: str, population: str, *, full: bool = False
) -> Contender:
    """Train a shared model anew on what is extracted today; nothing is stored.

    Parameters
    ----------
    settings : Settings
        The learner, and how large a reference is drawn from how many nights.
    full : bool
        Draw from all nights, and compute the features of all kept alerts anew.

    Raises
    ------
    FinkAdError
        If there are too few alerts, a provider is broken, or the store cannot be read.
    """
    kept = features_of_kept(store, settings, survey, population, anew=full)
    nights = None if full else settings.retrain.nights
    rows = draw_reference(store, survey, population, kept, settings.retrain.size, nights)
    bare = train_model((survey, population), rows, settings)
    whose = Whose(survey, population)
    position = store.label_position(survey, population)
    claims = _claims(store, whose)
    imports = tuple(sorted({one.channel.removeprefix(IMPORT_CHANNEL) for one in claims}))
    # What is taken in from now on neither teaches nor is noted as judged.
    teaching = teaching_answers(store, settings.learn, whose, imports)
    labelled = labelled_alerts(store, whose, teaching, bare.schema, computed=kept.lookup)
    learns = settings.forest.learner != "static" and labelled is not None
    model = bare.relearn(labelled) if learns else bare
    return Contender(model, bare, teaching, imports, position, claims, labelled, kept)


def _claims(store: Store, whose: Whose) -> tuple[LabelRecord, ...]:
    doubtful = doubtful_imports(store)
    channels = {IMPORT_CHANNEL + name for name in doubtful}
    without = doubtful_channels(store, doubtful)
    labels = store.latest_labels(whose.survey, whose.population, without=without)
    return tuple(label for label in labels if label.channel in channels)


def store_contender(store: Store, settings: Settings, contender: Contender) -> None:
    """Write a contender's folders and tell the store of it; it is not in force by that."""
    bare, model = contender.bare, contender.model
    folder = settings.models_dir
    bare.save(folder)
    model.save(folder)
    store.register_model(model_record(bare))
    if model.revision != bare.revision:
        n_labels = 0 if model.labelled is None else len(model.labelled)
        store.register_revision(RevisionRecord(model.revision, bare.id, n_labels, model.manifest))
