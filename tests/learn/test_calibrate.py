"""Answers and the places they were drawn from, as the calibration gets them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from fink_ad.learn import Whose, relearn_and_publish
from fink_ad.learn.cache import Cache
from fink_ad.learn.calibrate import calibrate
from fink_ad.store import LabelImport, NewLabel, NewShowing, Order, ReviewerRecord, Store

WHOSE = Whose("ztf", "transient")


def answer(store: Store, who: ReviewerRecord, order: Order, place: int, said: str) -> int:
    """Show the object at a place of the order, and answer."""
    taken = store.take_showing(
        [
            NewShowing(
                reviewer_id=who.id,
                survey="ztf",
                alert_id=int(order.alert_id[place - 1]),
                object_id=str(order.object_id[place - 1]),
                population="transient",
                model_revision="m",
                draw="top",
                reason="",
                share=1.0,
                score=0.0,
                one_in=1.0,
                channel="test",
                place=place,
                order_size=len(order),
            )
        ],
        60,
        overlap=True,
    )
    assert taken is not None
    label = NewLabel(
        survey="ztf",
        alert_id=taken.alert_id,
        reviewer_id=who.id,
        answer=said,  # type: ignore[arg-type]
        channel="test",
        answered_at=datetime.now(UTC),
    )
    return store.add_label(label).id


def test_the_order_tells_how_likely_after_enough_answers(home: Path, hand) -> None:
    settings = hand.settings(home)
    with Store.open(home) as store:
        cache = Cache(store, settings.models_dir)
        first = relearn_and_publish(store, settings, WHOSE, cache)
        assert first is not None
        assert first.calibration is None
        order = store.order(first.id)
        vera, own = store.add_reviewer("vera"), store.add_reviewer("edwin", personal=True)
        for place in range(1, 60):
            answer(store, vera, order, place, "anomaly" if place <= 10 else "ordinary")
            # Another taste, and another order.
            answer(store, own, order, place, "anomaly")
        # An answer without a showing before it tells nothing about places.
        late = NewLabel(
            survey="ztf",
            alert_id=int(order.alert_id[70]),
            reviewer_id=vera.id,
            answer="anomaly",
            channel="import:x",
            answered_at=datetime.now(UTC) - timedelta(days=1),
        )
        store.add_label(late)
        found = calibrate(store, WHOSE)
        assert found is not None
        assert (found.n_answers, found.n_anomalies) == (59, 10)
        theirs = calibrate(store, WHOSE._replace(reviewer_id=own.id))
        assert theirs is not None
        assert (theirs.n_answers, theirs.n_anomalies) == (59, 59)
        record = relearn_and_publish(store, settings, WHOSE, cache)
        assert record is not None
        assert record.calibration == found.to_json()
        p = store.order(record.id).p_interesting
        share = np.arange(1, len(p) + 1) / len(p)
        np.testing.assert_array_equal(p, found.p(share).astype(np.float32))
        assert p[0] > p[50]
        assert np.isnan(p[-1])
        # What is taken back does not count any more.
        last = store.latest_labels(*hand.key, reviewer_id=vera.id)[0]
        store.retract_label(last.id, vera.id, "test")
        again = calibrate(store, WHOSE)
        assert again is not None
        assert again.n_answers == 58


def test_an_import_that_is_not_trusted_does_not_hide_what_was_said(home: Path, hand) -> None:
    settings = hand.settings(home)
    with Store.open(home) as store:
        first = relearn_and_publish(store, settings, WHOSE, Cache(store, settings.models_dir))
        assert first is not None
        order, vera = store.order(first.id), store.add_reviewer("vera")
        places = range(1, 61)
        for place in places:
            answer(store, vera, order, place, "anomaly" if place <= 10 else "ordinary")
        before = calibrate(store, WHOSE)
        store.add_labels(
            [
                NewLabel(
                    survey="ztf",
                    alert_id=int(order.alert_id[place - 1]),
                    reviewer_id=vera.id,
                    answer="anomaly",
                    channel="import:theirs.csv",
                    answered_at=datetime.now(UTC),
                )
                for place in places
            ]
        )
        store.add_label_import(LabelImport("theirs.csv", datetime.now(UTC), "0" * 64, 60, 60))
        assert calibrate(store, WHOSE) == before
        store.trust_import("theirs.csv")
        trusted = calibrate(store, WHOSE)
    assert trusted is not None
    assert trusted.n_anomalies == 60
