"""From answers to a published order: complete, the same again, and undone by an undo."""

from pathlib import Path

import numpy as np

from fink_ad.features import FeatureTable
from fink_ad.forest import Model, rarity
from fink_ad.learn import Cache, Whose, relearn_and_publish
from fink_ad.pipeline import models_dir
from fink_ad.store import Order, OrderRecord, Store

WHOSE = Whose("ztf", "transient")


def publish(store: Store, settings, whose: Whose = WHOSE, cache: Cache | None = None, lease=None):
    cache = cache or Cache(store, models_dir(settings))
    return relearn_and_publish(store, settings, whose, cache, lease)


def published(store: Store, settings, whose: Whose = WHOSE, **more) -> tuple[OrderRecord, Order]:
    record = publish(store, settings, whose, **more)
    assert record is not None
    assert store.latest_order(*whose) == record
    return record, store.order(record.id)


def test_the_order_is_what_the_model_says_of_every_kept_alert(home: Path, hand) -> None:
    settings = hand.settings(home)
    with Store.open(home) as store:
        hand.answer(store, ["anomaly", "ordinary", "bogus"])
        record, order = published(store, settings)
        index = store.kept_index(*hand.key)
        ids, values = store.kept_features(*hand.key, index.feature_schema[0])
        model = hand.active(store)
    assert record.revision_id == model.revision
    assert record.label_position == 3
    np.testing.assert_array_equal(ids, index.alert_id)
    table = FeatureTable(model.schema, values)
    scores, novelty = model.score(table, index.n_det), model.novelty(table)
    expected: dict[str, int] = {}
    for row in np.lexsort((ids, -scores)).tolist():
        expected.setdefault(index.object_id[row], row)
    rows = list(expected.values())
    assert order.object_id.tolist() == list(expected)
    np.testing.assert_array_equal(order.alert_id, ids[rows])
    np.testing.assert_array_equal(order.score, scores[rows])
    np.testing.assert_array_equal(order.novelty, novelty[rows].astype(np.float32))
    np.testing.assert_array_equal(
        order.one_in, rarity(model.sketch, scores[rows], index.n_det[rows]).one_in
    )
    assert np.isnan(order.p_interesting).all()
    assert order.novelty.min() == 0  # the answered alerts themselves


def test_an_undo_gives_revision_and_order_back_bit_for_bit(home: Path, hand) -> None:
    settings = hand.settings(home)
    with Store.open(home) as store:
        cache = Cache(store, models_dir(settings))
        hand.answer(store, ["anomaly", "ordinary"])
        record, order = published(store, settings, cache=cache)
        (label,) = hand.answer(store, ["anomaly"], first=2)
        other, changed = published(store, settings, cache=cache)
        assert other.revision_id != record.revision_id
        assert changed.to_bytes() != order.to_bytes()
        store.retract_label(label.id, label.reviewer_id, "test")
        again, undone = published(store, settings, cache=cache)
        assert again.revision_id == record.revision_id
        assert again.label_position == other.label_position + 1
        assert undone.to_bytes() == order.to_bytes()


def test_a_learner_that_ran_on_and_one_that_starts_now_publish_the_same(home: Path, hand) -> None:
    settings = hand.settings(home)
    with Store.open(home) as store:
        cache = Cache(store, models_dir(settings))
        for first, answer in enumerate(["anomaly", "bogus", "anomaly", "ordinary"]):
            hand.answer(store, [answer], first=first)
            _, order = published(store, settings, cache=cache)
        record, fresh = published(store, settings)
        assert fresh.to_bytes() == order.to_bytes()
        bare = Model.load(models_dir(settings) / store.model(record.revision_id).model.id)
        labelled = hand.active(store).labelled
        assert bare.relearn(labelled).revision == record.revision_id
