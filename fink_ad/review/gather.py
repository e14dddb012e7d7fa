"""Gather what is known of one candidate from the store and a model."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np

from fink_ad.alerts.photometry import flux_to_mag
from fink_ad.alerts.positions import galactic
from fink_ad.alerts.times import MJD_EPOCH
from fink_ad.errors import ReviewError
from fink_ad.features import FeatureTable
from fink_ad.forest import Model, ToldFeature, is_provisional, rarity, top_features
from fink_ad.review.candidate import Candidate, ObjectAlert, Opinion, Strangeness
from fink_ad.review.links import links_of
from fink_ad.review.neighbourhood import AnsweredObjects
from fink_ad.store import (
    CandidateView,
    KeptRecord,
    Showing,
    Store,
    standing_labels,
    unpack_alerts,
    unpack_features,
    unpack_stamps,
)

__all__ = ["candidate_view"]

LISTED_DAYS = 90
"""Nights on which the object was a candidate are counted over so many days."""

_N_ALERTS = 100  # of the same object, the latest


def candidate_view(
    store: Store,
    survey: str,
    alert_id: int,
    *,
    model: Model | None = None,
    answered: AnsweredObjects | None = None,
    showing: Showing | None = None,
    reviewer_id: int | None = None,
    with_others: bool = False,
    n_features: int = 6,
    n_neighbours: int = 5,
    now: datetime | None = None,
) -> Candidate:
    """Gather what is known of a kept alert.

    Parameters
    ----------
    model : Model, optional
        Whose score, rarity and reasons are told. Without it, or if the alert has no features of
        its schema, those recorded when the alert came are, and there are no neighbours.
    answered : AnsweredObjects, optional
        Where to look for neighbours; none otherwise.
    showing : Showing, optional
        The drawing of the candidate for its reviewer. Answers they gave before it are not told.
    reviewer_id : int, optional
        Who looks; that of the showing by default.
    with_others : bool
        Tell other reviewers' answers. They stay hidden until this reviewer has answered.
    now : datetime.datetime, optional
        What ages count from; the present by default.

    Raises
    ------
    ReviewError
        If the alert is not kept.
    ModelError
        If the model needs what the alert has not.
    """
    kept = next(iter(store.kept(survey, [alert_id])), None)
    if kept is None:
        raise ReviewError(
            f"{survey} alert {alert_id} is not kept and cannot be shown; see fink-ad candidates"
        )
    if reviewer_id is None and showing is not None:
        reviewer_id = showing.reviewer_id
    alert = unpack_alerts([kept.alert])
    flux = float(alert.numbers("diff_flux_njy")[0])
    l_deg, b_deg = galactic(kept.ra_deg, kept.dec_deg)
    seen_at = MJD_EPOCH + timedelta(days=kept.mjd_utc)
    views = store.candidates(
        top=None, survey=survey, object_id=kept.object_id, best_per_object=False
    )
    own_views = [view for view in views if view.alert_id == alert_id]
    table = _features_of(kept, model)
    calibrated = showing is not None and math.isfinite(showing.p_interesting)
    mine, others = _opinions(store, kept, reviewer_id, showing)
    return Candidate(
        survey=survey,
        alert_id=alert_id,
        object_id=kept.object_id,
        population=kept.population,
        night=kept.night,
        alert=alert,
        seen_at=seen_at,
        age=(now or datetime.now(UTC)) - seen_at,
        ra_deg=kept.ra_deg,
        dec_deg=kept.dec_deg,
        l_deg=float(l_deg),
        b_deg=float(b_deg),
        band=kept.band,
        mag=float(flux_to_mag(abs(flux))[0]),
        below=flux <= 0,
        n_det=kept.n_det,
        strangeness=_strangeness(kept, own_views, model, table),
        p_interesting=showing.p_interesting if showing is not None and calibrated else None,
        n_calibration=showing.n_calibration if showing is not None and calibrated else 0,
        showing=showing,
        tags=tuple(kept.tags),
        broker_classes=tuple(kept.broker_classes),
        stamps=unpack_stamps(kept.stamps),
        features=_told(kept, own_views, model, table, n_features),
        neighbours=()
        if table is None or answered is None
        else answered.nearest(table, kept.object_id, n_neighbours),
        mine=mine,
        others=others if with_others and mine is not None else None,
        times_listed=len(
            {view.night for view in views if 0 <= kept.mjd_utc - view.mjd_utc < LISTED_DAYS}
        ),
        times_shown=0
        if reviewer_id is None
        else store.count_showings(reviewer_id, survey, kept.object_id),
        object_alerts=_alerts_of(store, kept),
        links=links_of(survey, kept.object_id, kept.ra_deg, kept.dec_deg),
    )


def _features_of(kept: KeptRecord, model: Model | None) -> FeatureTable | None:
    if model is None or kept.feature_schema != model.schema.hash:
        return None
    return FeatureTable(model.schema, unpack_features([kept.features]))


def _strangeness(
    kept: KeptRecord, views: list[CandidateView], model: Model | None, table: FeatureTable | None
) -> Strangeness:
    if model is not None and table is not None:
        n_det = np.array([kept.n_det])
        score = model.score(table, n_det)
        found = rarity(model.sketch, score, n_det)
        return Strangeness(
            float(score[0]),
            float(found.one_in[0]),
            bool(found.beyond[0]),
            is_provisional(model.sketch),
            model.revision,
        )
    for view in views:
        if view.model_revision == kept.model_revision:
            return Strangeness(
                view.score, view.one_in, view.beyond, view.provisional, view.model_revision
            )
    return Strangeness(kept.score, math.nan, False, False, kept.model_revision)


def _told(
    kept: KeptRecord,
    views: list[CandidateView],
    model: Model | None,
    table: FeatureTable | None,
    n_features: int,
) -> tuple[ToldFeature, ...]:
    if model is not None and table is not None:
        return top_features(model, table, n_features, np.array([kept.n_det])).told(0)
    told = views[0].top_features if views else ()
    return tuple(ToldFeature(*feature) for feature in told)[:n_features]


def _opinions(
    store: Store, kept: KeptRecord, reviewer_id: int | None, showing: Showing | None
) -> tuple[Opinion | None, tuple[Opinion, ...]]:
    """Return what the reviewer said since the drawing, and what the others last said."""
    events = store.labels(kept.survey, kept.object_id)
    in_time = sorted(standing_labels(events), key=lambda one: (one.answered_at, one.id))
    latest = {said.reviewer_id: said for said in in_time}
    names = {reviewer.id: reviewer.name for reviewer in store.reviewers()} if latest else {}
    opinions = {
        one: Opinion(
            names.get(one, "?"), said.answer, tuple(said.tags), said.note, said.answered_at
        )
        for one, said in latest.items()
    }
    mine = None if reviewer_id is None else opinions.pop(reviewer_id, None)
    if mine is not None and showing is not None and mine.answered_at < showing.drawn_at:
        mine = None
    return mine, tuple(opinions.values())


def _alerts_of(store: Store, kept: KeptRecord) -> tuple[ObjectAlert, ...]:
    records = store.object_alerts(kept.object_id, kept.survey)[-_N_ALERTS:]
    flux = unpack_alerts([record.alert for record in records]).numbers("diff_flux_njy")
    mags = flux_to_mag(np.abs(flux))[0].tolist()
    return tuple(
        ObjectAlert(one.alert_id, one.night, one.mjd_utc, one.band, mag, one.n_det, one.score)
        for one, mag in zip(records, mags, strict=True)
    )
