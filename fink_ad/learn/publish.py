"""From the answers there are to the order that readers see."""

from __future__ import annotations

import structlog

from fink_ad.config import Settings
from fink_ad.errors import ModelError
from fink_ad.expressions import Expression, parse
from fink_ad.learn.cache import Cache
from fink_ad.learn.calibrate import calibrate
from fink_ad.learn.checks import Checked, artefacts, check_order
from fink_ad.learn.relearn import Revision, put_in_force, remember, reviewer_name, revise
from fink_ad.learn.rerank import rerank
from fink_ad.learn.whose import Whose
from fink_ad.store import ActiveModel, Lease, NewDecision, NewOrder, OrderRecord, Store

__all__ = ["condition_of", "relearn_and_publish"]

_log = structlog.get_logger(__name__)


def relearn_and_publish(
    store: Store,
    settings: Settings,
    whose: Whose,
    cache: Cache,
    lease: Lease | None = None,
) -> OrderRecord | None:
    """Learn from all answers, rank the kept alerts anew, and publish the order.

    The position in the answers is read first: what is answered later may be in the order or
    not, and the next look at the position tells that there is more. A revision that does not
    pass `check_order` is remembered as not promoted, with the figures; the one in force and
    its order stay. After an operator went back to an earlier revision, that one ranks until
    the next answer.

    Parameters
    ----------
    store : Store
    settings : Settings
    whose : Whose
    cache : Cache
    lease : Lease, optional
        Must be in force whenever something is put in force.

    Returns
    -------
    OrderRecord or None
        The new order; None if there is no model yet, the revision did not pass, or a personal
        model is asked of a learner that does not use answers.

    Raises
    ------
    LeaseLost
        If the lease is not in force any more; the order in force stays.
    FinkAdError
        If the model cannot be read or learn, or the condition of the settings is not one.
    """
    position = store.label_position(whose.survey, whose.population)
    active = store.active_model(*whose)
    published = store.latest_order(*whose)
    condition = condition_of(store, settings, whose)
    revision = _revision(store, settings, whose, cache, active, published, position)
    if revision is None:
        return None
    model = revision.model
    calibration = calibrate(store, whose)
    is_new = active is None or active.revision.id != model.revision
    try:
        order = rerank(cache.kept(whose), model, revision.trees, condition, calibration)
    except ModelError as error:
        _refuse(store, settings, whose, revision, active, Checked((str(error),), {}))
        return None
    if is_new:
        same_model = published is not None and (
            _model_of(store, published.revision_id) == revision.model_id
        )
        bogus = {
            label.object_id
            for label in store.latest_labels(whose.survey, whose.population)
            if label.answer == "bogus"
        }
        checked = check_order(
            order,
            cache.order(whose, published) if published is not None and same_model else None,
            artefacts(cache.kept(whose).index, bogus),
            settings.learn,
        )
        if checked.failures:
            _refuse(store, settings, whose, revision, active, checked)
            return None
        remember(store, settings, whose, revision)
        put_in_force(store, whose, revision, lease)
    record = store.publish_order(
        NewOrder(
            survey=whose.survey,
            population=whose.population,
            reviewer_id=whose.reviewer_id,
            revision_id=model.revision,
            label_position=position,
            order=order,
            calibration=None if calibration is None else calibration.to_json(),
        ),
        lease,
    )
    cache.published(whose, model, record, order)
    return record


def condition_of(store: Store, settings: Settings, whose: Whose) -> Expression | None:
    """Return which alerts a model ranks; None for all.

    It is written in ``[models.<reviewer>]`` for a personal model; without that, and for the
    shared one, in ``[models.shared]``.

    Raises
    ------
    ConfigError
        If what is written there is no condition.
    """
    chosen = settings.models.get("shared")
    if whose.reviewer_id is not None:
        chosen = settings.models.get(reviewer_name(store, whose.reviewer_id), chosen)
    if chosen is None or not chosen.where or chosen.population not in ("", whose.population):
        return None
    return parse(chosen.where)


def _revision(
    store: Store,
    settings: Settings,
    whose: Whose,
    cache: Cache,
    active: ActiveModel | None,
    published: OrderRecord | None,
    position: int,
) -> Revision | None:
    """Return the revision that the answers make, or the one in force if it is to stay."""
    everybodys = Whose(whose.survey, whose.population)
    shared = store.active_model(*everybodys)
    learns = settings.forest.learner != "static"
    if shared is None or not (learns or whose == everybodys):
        return None
    went_back = (
        active is not None
        and published is not None
        and published.label_position == position
        and published.revision_id != active.revision.id
        and _model_of(store, published.revision_id) == active.model.id
    )
    if active is not None and (went_back or not learns):
        model = cache.model(whose, active.revision.id)
        return Revision(model, None, active.model.id, shared.model.id)
    shared_model = cache.model(everybodys, shared.revision.id)
    index = cache.kept(whose).index
    return revise(store, settings, whose, shared_model, shared.model.id, index)


def _model_of(store: Store, revision_id: str) -> str:
    found = store.model(revision_id)
    return "" if found is None else found.model.id


def _refuse(
    store: Store,
    settings: Settings,
    whose: Whose,
    revision: Revision,
    active: ActiveModel | None,
    checked: Checked,
) -> None:
    """Remember a revision that did not pass, and say so."""
    remember(store, settings, whose, revision)
    store.add_decision(
        NewDecision(
            contender=revision.model.revision,
            incumbent=None if active is None else active.revision.id,
            survey=whose.survey,
            population=whose.population,
            verdict="not promoted",
            by="learner",
            reviewer_id=whose.reviewer_id,
            figures={**checked.figures, "failures": list(checked.failures)},
        )
    )
    _log.warning(
        "revision_refused",
        survey=whose.survey,
        population=whose.population,
        reviewer=revision.model.reviewer,
        model=revision.model.short_id,
        failures=checked.failures,
    )
