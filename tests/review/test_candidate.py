"""All about a candidate: right, complete, and silent about what a reviewer must not see yet."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from fink_ad.errors import ReviewError
from fink_ad.features import FeatureTable
from fink_ad.forest import rarity
from fink_ad.review.gather import candidate_view
from fink_ad.review.labels import record
from fink_ad.review.neighbourhood import AnsweredObjects
from fink_ad.store import NewLabel, unpack_features


def test_a_candidate_is_told_as_it_is_kept(store, model, strangest):
    view = strangest[0]
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    one = candidate_view(store, "ztf", view.alert_id, model=model, now=now)
    assert (one.object_id, one.population, one.night) == (view.object_id, "transient", 20260301)
    assert len(one.alert) == 1
    assert one.seen_at.strftime("%Y%m%d") == "20260301"
    assert timedelta(0) < one.age < timedelta(days=2)
    assert one.age == now - one.seen_at
    flux = float(one.alert.numbers("diff_flux_njy")[0])
    assert one.mag == pytest.approx(31.4 - 2.5 * np.log10(abs(flux)))
    assert one.below == (flux <= 0)
    assert one.times_listed == 1
    assert [other.alert_id for other in one.object_alerts].count(view.alert_id) == 1
    assert set(one.stamps) == {"science", "template", "difference"}
    assert one.links[0].url.endswith(view.object_id)
    assert (one.showing, one.mine, one.others, one.p_interesting) == (None, None, None, None)


def test_strangeness_and_reasons_are_those_of_the_model(store, model, strangest):
    view = strangest[0]
    kept = store.kept("ztf", [view.alert_id])[0]
    table = FeatureTable(model.schema, unpack_features([kept.features]))
    n_det = np.array([kept.n_det])
    one = candidate_view(store, "ztf", view.alert_id, model=model)
    score = model.score(table, n_det)
    assert one.strangeness.score == score[0]
    assert one.strangeness.one_in == rarity(model.sketch, score, n_det).one_in[0]
    assert one.strangeness.revision == model.revision
    assert len(one.features) == 6
    strength = [feature.contribution for feature in one.features]
    assert strength == sorted(strength, reverse=True)
    for feature in one.features:
        place = model.schema.names.index(feature.name)
        assert feature.meaning == model.schema.columns[place].meaning
        if feature.value is not None:
            assert feature.value == table.values[0, place]
            assert 0 <= feature.percentile <= 100


def test_without_a_model_the_record_is_told(store, strangest):
    one = candidate_view(store, "ztf", strangest[0].alert_id)
    assert one.strangeness.score == strangest[0].score
    assert one.strangeness.one_in == strangest[0].one_in
    assert [tuple(feature) for feature in one.features] == [
        tuple(feature) for feature in strangest[0].top_features
    ]
    assert one.neighbours == ()


def test_an_alert_that_is_not_kept_is_refused(store):
    with pytest.raises(ReviewError, match="ztf alert 5 is not kept"):
        candidate_view(store, "ztf", 5)


def test_others_stay_hidden_until_one_has_answered(store, strangest, show):
    vera, uwe = store.add_reviewer("vera"), store.add_reviewer("uwe")
    record(store, show(strangest[0], uwe.id), "bogus", note="a spike")
    showing = show(strangest[0], vera.id)

    def look(**how):
        return candidate_view(store, "ztf", strangest[0].alert_id, showing=showing, **how)

    assert look(with_others=True).others is None
    mine = record(store, showing, "anomaly")
    assert look().others is None
    told = look(with_others=True)
    assert told.mine.answer == "anomaly"
    assert [(one.reviewer, one.answer, one.note) for one in told.others] == [
        ("uwe", "bogus", "a spike")
    ]
    store.retract_label(mine.id, vera.id, "test")
    assert look(with_others=True).others is None


def test_an_earlier_answer_of_ones_own_is_not_given_away(store, strangest, show):
    vera = store.add_reviewer("vera")
    record(store, show(strangest[0], vera.id), "anomaly")
    showing = show(strangest[0], vera.id, draw="repeat")
    one = candidate_view(store, "ztf", strangest[0].alert_id, showing=showing, with_others=True)
    assert one.mine is None
    assert one.others is None
    assert candidate_view(store, "ztf", strangest[0].alert_id, reviewer_id=vera.id).mine is not None


def test_neighbours_are_answered_objects_nearest_first(store, model, strangest):
    vera, uwe = store.add_reviewer("vera").id, store.add_reviewer("uwe").id
    now = datetime.now(UTC)
    looked_at = {one.object_id: one for one in (strangest[0], *store.reference("ztf", "transient"))}
    asked = list(looked_at.values())[:9]
    for number, one in enumerate(asked):
        for reviewer in (vera, uwe)[: 1 + (number < 4)]:
            store.add_label(NewLabel("ztf", one.alert_id, reviewer, "anomaly", "test", now))
    answered = AnsweredObjects.of(store, model, store.latest_labels("ztf", "transient"))
    one = candidate_view(store, "ztf", strangest[0].alert_id, model=model, answered=answered)
    assert len(one.neighbours) == 5
    assert strangest[0].object_id not in {near.object_id for near in one.neighbours}
    away = [near.distance for near in one.neighbours]
    assert away == sorted(away)
    assert 0 <= away[0] <= away[-1] <= 1
    said = {one.object_id: "anomaly x2" for one in asked[:4]}
    for near in one.neighbours:
        assert near.answers == said.get(near.object_id, "anomaly")


def test_without_answers_there_are_no_neighbours(store, model, strangest):
    answered = AnsweredObjects.of(store, model, store.latest_labels("ztf", "transient"))
    one = candidate_view(store, "ztf", strangest[0].alert_id, model=model, answered=answered)
    assert one.neighbours == ()


def test_how_likely_it_is_is_told_as_it_was_when_drawn(store, strangest, show):
    """Also when the ranking, and with it the calibration, is another one by now."""
    vera = store.add_reviewer("vera").id

    def look(view, **drawn):
        showing = show(view, vera, **drawn)
        return candidate_view(store, "ztf", view.alert_id, showing=showing)

    one = look(strangest[0], p_interesting=0.25, n_calibration=80)
    assert (one.p_interesting, one.n_calibration) == (0.25, 80)
    one = look(strangest[1])
    assert (one.p_interesting, one.n_calibration) == (None, 0)
