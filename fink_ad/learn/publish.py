"""From the answers there are to the order that readers see."""

from __future__ import annotations

import structlog

from fink_ad.config import Settings
from fink_ad.errors import ModelError
from fink_ad.forest import Model
from fink_ad.learn.answers import doubtful_channels
from fink_ad.learn.cache import Cache
from fink_ad.learn.calibrate import calibrate
from fink_ad.learn.checks import Checked, artefacts, check_order
from fink_ad.learn.conditions import condition_of
from fink_ad.learn.relearn import Revision, put_in_force, remember, revise
from fink_ad.learn.rerank import rerank
from fink_ad.learn.whose import Whose
from fink_ad.store import ActiveModel, Lease, NewDecision, NewOrder, Order, OrderRecord, Store

__all__ = ["HOLDS_AT", "relearn_and_publish"]

HOLDS_AT = "holds_at_label"
"""Figure of a decision: the label position up to which a chosen revision is not learned anew."""

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
    its order stay. After an operator chose another revision of the same model, that one ranks
    until the next answer.

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
        The new order; None if there is no model yet, a model did not pass, or a personal one is
        asked of a learner that does not use answers.

    Raises
    ------
    LeaseLost
        If the lease is not in force any more; the order in force stays.
    FinkAdError
        If the model cannot be read or learn, or the condition of the settings looks at a column
        there is not.
    """
    position = store.label_position(whose.survey, whose.population)
    active = store.active_model(*whose)
    published = store.latest_order(*whose)
    condition = condition_of(store, settings, whose)
    revision = _revision(store, settings, whose, cache, active, position)
    if revision is None:
        return None
    calibration = calibrate(store, whose)

    def publish(model: Model, order: Order, position: int) -> OrderRecord:
        told = None if calibration is None else calibration.to_json()
        new = NewOrder(*whose, model.revision, position, order, told)
        record = store.publish_order(new, lease)
        cache.published(whose, model, record, order)
        return record

    def rank(model: Model) -> Order:
        return rerank(cache.kept(whose), model, revision.trees, condition, calibration)

    order, checked = None, Checked((), {})
    is_new = active is None or active.revision.id != revision.model.revision
    try:
        order = rank(revision.model)
    except ModelError as error:
        checked = Checked((str(error),), {})
    if order is not None and is_new:
        checked = _check(store, settings, whose, cache, revision, order, published)
    if order is not None and not checked.failures:
        if is_new:
            remember(store, settings, whose, revision)
            put_in_force(store, whose, revision, lease, replaces=active)
        return publish(revision.model, order, position)
    _refuse(store, settings, whose, revision, active, checked)
    if active is None or published is None or active.model.id != revision.model_id:
        return None
    # The revision in force goes on ranking, tonight's alerts too.
    stays = cache.model(whose, active.revision.id)
    return publish(stays, rank(stays), published.label_position)


def _revision(
    store: Store,
    settings: Settings,
    whose: Whose,
    cache: Cache,
    active: ActiveModel | None,
    position: int,
) -> Revision | None:
    """Return the revision that the answers make, or the one in force if it is to stay."""
    everybodys = Whose(whose.survey, whose.population)
    shared = store.active_model(*everybodys)
    learns = settings.forest.learner != "static"
    if shared is None or not (learns or whose == everybodys):
        return None
    chosen = active is not None and _is_chosen(store, whose, active, position)
    if active is not None and (chosen or not learns):
        model = cache.model(whose, active.revision.id)
        return Revision(model, None, active.model.id, shared.model.id)
    shared_model = cache.model(everybodys, shared.revision.id)
    index = cache.kept(whose).index
    return revise(store, settings, whose, shared_model, shared.model.id, index)


def _is_chosen(store: Store, whose: Whose, active: ActiveModel, position: int) -> bool:
    """Say whether an operator put the revision in force, knowing all answers there are."""
    decisions = [
        one
        for one in store.decisions(whose.survey, whose.population)
        if one.reviewer_id == whose.reviewer_id and one.verdict in ("promoted", "rolled back")
    ]
    return (
        bool(decisions)
        and decisions[-1].contender == active.revision.id
        and decisions[-1].figures.get(HOLDS_AT) == position
    )


def _check(
    store: Store,
    settings: Settings,
    whose: Whose,
    cache: Cache,
    revision: Revision,
    order: Order,
    published: OrderRecord | None,
) -> Checked:
    """Compare an order with the one in force, if that is of the same model."""
    before = None
    if published is not None and _model_of(store, published.revision_id) == revision.model_id:
        before = cache.order(whose, published)
    trusted = store.latest_labels(whose.survey, whose.population, without=doubtful_channels(store))
    bogus = {label.object_id for label in trusted if label.answer == "bogus"}
    return check_order(order, before, artefacts(cache.kept(whose).index, bogus), settings.learn)


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
