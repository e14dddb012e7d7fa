"""From answers to a published order: complete, the same again, and undone by an undo."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from fink_ad.alerts.positions import galactic
from fink_ad.errors import ConfigError, LeaseLost
from fink_ad.features import FeatureTable
from fink_ad.forest import Model, rarity
from fink_ad.learn import Cache, Whose, relearn_and_publish, teaching_answers
from fink_ad.learn.checks import N_TOP
from fink_ad.learn.publish import HOLDS_AT
from fink_ad.pipeline import run
from fink_ad.sources.files import FilesSource
from fink_ad.store import (
    LabelImport,
    NewDecision,
    NewLabel,
    Order,
    OrderRecord,
    Store,
    pack_features,
)

WHOSE = Whose("ztf", "transient")


def publish(store: Store, settings, whose: Whose = WHOSE, cache: Cache | None = None, lease=None):
    cache = cache or Cache(store, settings.models_dir)
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
        cache = Cache(store, settings.models_dir)
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
        cache = Cache(store, settings.models_dir)
        for first, answer in enumerate(["anomaly", "bogus", "anomaly", "ordinary"]):
            hand.answer(store, [answer], first=first)
            _, order = published(store, settings, cache=cache)
        record, fresh = published(store, settings)
        assert fresh.to_bytes() == order.to_bytes()
        bare = Model.load(settings.models_dir / store.model(record.revision_id).model.id)
        labelled = hand.active(store).labelled
        assert bare.relearn(labelled).revision == record.revision_id


def test_each_object_stands_once_and_conditions_hold(home: Path, hand) -> None:
    with Store.open(home) as store:
        _, everything = published(store, hand.settings(home))
        assert len(set(everything.object_id)) == len(everything)
        where = (
            "n_det >= 3 and abs(b_deg) > 10 and not isnan(statistics.amplitude_r) and one_in > 1"
        )
        settings = hand.settings(home, models={"shared": {"where": where}})
        _, order = published(store, settings)
        index = store.kept_index(*hand.key)
        ids, values = store.kept_features(*hand.key, index.feature_schema[0])
        model = hand.active(store)
    _, b_deg = galactic(index.ra_deg, index.dec_deg)
    column = values[:, model.schema.names.index("statistics.amplitude_r")]
    scores = model.score(FeatureTable(model.schema, values), index.n_det)
    one_in = rarity(model.sketch, scores, index.n_det).one_in
    holds = (index.n_det > 2) & (np.abs(b_deg) > 10) & ~np.isnan(column) & (one_in > 1)
    assert 0 < len(order) < len(everything)
    assert set(order.object_id) == set(index.object_id[holds])
    assert np.isin(order.alert_id, ids[holds]).all()


def test_a_condition_is_for_its_population_and_model(home: Path, hand) -> None:
    with Store.open(home) as store:
        reviewer = store.add_reviewer("vera", personal=True)
        own = Whose(*hand.key, reviewer.id)
        models = {
            "shared": {"where": "n_det > 1000", "population": "transient"},
            "vera": {"where": "n_det > 2"},
        }
        settings = hand.settings(home, models=models)
        assert len(published(store, settings)[1]) == 0
        assert len(published(store, settings, Whose("ztf", "solar_system"))[1]) > 0
        assert published(store, settings, own)[1].n_det.min() > 2
        settings = hand.settings(home, models={"shared": {"where": "n_dets > 2"}})
        with pytest.raises(ConfigError, match="no column 'n_dets'.*'n_det'"):
            publish(store, settings)


def test_a_personal_model_puts_own_answers_first(home: Path, hand) -> None:
    settings = hand.settings(home, learn={"bogus_weight": 0.5})
    with Store.open(home) as store:
        vera = store.add_reviewer("vera", personal=True)
        hand.answer(store, ["anomaly", "bogus", "unsure", "anomaly"], "vera")
        hand.answer(store, ["ordinary"] * 3 + ["bogus", "bogus", "anomaly"], "edwin")
        shared, _ = published(store, settings)
        record, _ = published(store, settings, Whose(*hand.key, vera.id))
        found = store.active_model(*hand.key, vera.id)
        assert found is not None
        assert (found.revision.id, found.model.reviewer_id) == (record.revision_id, vera.id)
        model = Model.load(settings.models_dir / record.revision_id)
        everybodys = hand.active(store)
        assert store.active_model(*hand.key).revision.id == shared.revision_id
    assert (model.reviewer, everybodys.reviewer) == ("vera", "")
    for part in ("roots", "left", "feature", "threshold"):
        np.testing.assert_array_equal(
            getattr(model.learner.trees, part), getattr(everybodys.learner.trees, part)
        )
    taught = dict(
        zip(
            model.labelled.object_ids.tolist(),
            zip(model.labelled.answers.tolist(), model.labelled.confidence.tolist(), strict=True),
            strict=True,
        )
    )
    names = sorted_objects(everybodys)
    assert taught == {
        names[0]: ("anomaly", 1.0),
        names[1]: ("bogus", 0.5),
        # Of the third vera is unsure; of the fourth both spoke, and hers counts.
        names[3]: ("anomaly", 1.0),
        names[4]: ("bogus", 0.15),
        names[5]: ("anomaly", 0.3),
    }


def sorted_objects(model: Model) -> list[str]:
    """The objects in the order in which `Hand.answer` answers about them."""
    _, first = np.unique(model.reference.object_ids, return_index=True)
    return model.reference.object_ids[np.sort(first)].tolist()


def test_imports_teach_less_and_only_once_they_passed(home: Path, hand) -> None:
    settings = hand.settings(home, learn={"bogus_weight": 0.5})
    with Store.open(home) as store:
        hand.answer(store, ["anomaly"])
        alone, _ = published(store, settings)
        hand.answer(store, ["anomaly", "bogus"], "portal", first=1, channel="import:tags.csv")
        store.add_label_import(
            LabelImport("tags.csv", datetime.now(UTC), "0" * 64, n_rows=2, n_stored=2)
        )
        still, _ = published(store, settings)
        assert still.revision_id == alone.revision_id
        everything = teaching_answers(store, settings.learn, WHOSE, imports={"tags.csv"})
        assert [one.confidence for one in everything] == [1.0, 0.5, 0.25]
        # A contender learned from all of them, and was promoted.
        store.add_decision(
            NewDecision(
                still.revision_id,
                None,
                *hand.key,
                verdict="promoted",
                by="gate",
                figures={"imports": ["tags.csv"], "imports_until": 10**6},
            )
        )
        assert teaching_answers(store, settings.learn, WHOSE) == everything
        store.trust_import("tags.csv")
        trusted = teaching_answers(store, settings.learn, WHOSE)
        assert [one.confidence for one in trusted] == [1.0, 1.0, 0.5]
        more, _ = published(store, settings)
        assert more.revision_id != alone.revision_id


def test_a_revision_that_turns_everything_over_is_not_shown(home: Path, hand) -> None:
    settings = hand.settings(home)
    with Store.open(home) as store:
        before, order = published(store, settings)
        answers = ["anomaly"] * 40
        hand.answer(store, answers)
        strict = hand.settings(home, learn={"floor_overlap": 1.0})
        kept = publish(store, strict)
        assert kept is not None
        assert (kept.revision_id, kept.label_position) == (before.revision_id, 0)
        assert store.order(kept.id).to_bytes() == order.to_bytes()
        (decision,) = store.decisions(*hand.key)
        assert (decision.verdict, decision.by) == ("not promoted", "learner")
        assert decision.incumbent == before.revision_id
        assert decision.figures["overlap"] < 1
        assert "learn.floor_overlap" in decision.figures["failures"][0]
        assert Model.load(settings.models_dir / decision.contender).labelled is not None
        assert store.active_model(*hand.key).revision.id == before.revision_id
        after, _ = published(store, settings)
        assert after.revision_id == decision.contender


def test_a_revision_that_was_chosen_ranks_until_the_next_answer(home: Path, hand) -> None:
    settings = hand.settings(home)
    with Store.open(home) as store:
        first, order = published(store, settings)
        hand.answer(store, ["anomaly"])
        second, _ = published(store, settings)
        told = (*hand.key, "promoted", "ada", None)
        choice = NewDecision(first.revision_id, second.revision_id, *told, {HOLDS_AT: 1})
        store.promote(choice)
        for _ in range(2):  # and again, as after a restart or for alerts kept since
            back, again = published(store, settings)
            assert back.revision_id == first.revision_id
            assert again.to_bytes() == order.to_bytes()
        hand.answer(store, ["ordinary"], first=1)
        forth, _ = published(store, settings)
        assert store.model(forth.revision_id).revision.n_labels == 2
        # What was chosen knowing fewer answers is not held.
        store.promote(replace(choice, incumbent=forth.revision_id))
        forth, _ = published(store, settings)
        assert store.model(forth.revision_id).revision.n_labels == 2


def test_a_revision_is_refused_once_however_often_it_is_looked_at(home: Path, hand) -> None:
    with Store.open(home) as store:
        published(store, hand.settings(home))
        hand.answer(store, ["anomaly"] * 40)
        strict = hand.settings(home, learn={"floor_overlap": 1.0})
        for _ in range(3):
            publish(store, strict)
        assert len(store.decisions(*hand.key)) == 1
        hand.answer(store, ["anomaly"], first=40)
        publish(store, strict)
        assert len(store.decisions(*hand.key)) == 2


def test_an_import_that_is_not_trusted_calls_nothing_an_artefact(home: Path, hand) -> None:
    settings = hand.settings(home, learn={"max_artefact_share": 0.0})
    with Store.open(home) as store:
        _, order = published(store, settings)
        hand.answer(store, ["anomaly"] * 40)
        # Whatever comes to the top is bogus, says somebody.
        index = store.kept_index(*hand.key)
        below = ~np.isin(index.object_id, order.object_id[:N_TOP])
        portal = store.add_reviewer("portal").id
        said = ("bogus", "import:theirs.csv", datetime.now(UTC))
        store.add_labels(
            [NewLabel("ztf", one, portal, *said) for one in index.alert_id[below].tolist()]
        )
        store.add_label_import(LabelImport("theirs.csv", datetime.now(UTC), "0" * 64, 1, 1))
        record, _ = published(store, settings)
        assert store.decisions(*hand.key) == ()
        assert store.model(record.revision_id).revision.n_labels == 40


def test_a_condition_looks_at_features_computed_anew(home: Path, hand, give_features) -> None:
    where = "statistics.amplitude_r > 1000"
    settings = hand.settings(home, models={"shared": {"where": where}})
    with Store.open(home) as store:
        cache = Cache(store, settings.models_dir)
        _, order = published(store, settings, cache=cache)
        assert len(order) == 0
        schema = hand.active(store).schema
        ids, values = store.kept_features(*hand.key, schema.hash)
        values[:, schema.names.index("statistics.amplitude_r")] = 5000.0
        give_features(store, "ztf", ids.tolist(), schema.hash, pack_features(values))
        cache.kept(WHOSE).refresh()
        _, order = published(store, settings, cache=cache)
        assert len(order) > 0


def test_alerts_kept_since_are_ranked_and_only_they_are_read(
    home: Path, hand, nights: tuple[Path, ...]
) -> None:
    settings = hand.settings(home)
    with Store.open(home) as store:
        hand.answer(store, ["anomaly"])
        cache = Cache(store, settings.models_dir)
        record, order = published(store, settings, cache=cache)
        run(FilesSource([nights[1]]), store, settings)
        cache.kept(WHOSE).refresh()
        later, more = published(store, settings, cache=cache)
        assert later.revision_id == record.revision_id
        assert set(order.object_id) < set(more.object_id)
        _, fresh = published(store, settings)
        assert fresh.to_bytes() == more.to_bytes()


def test_without_a_lease_in_force_nothing_is_published(home: Path, hand) -> None:
    settings = hand.settings(home)
    with Store.open(home) as store:
        before, _ = published(store, settings)
        lease = store.acquire_lease("learn", "first", 0.05)
        time.sleep(0.1)
        assert store.acquire_lease("learn", "second", 60) is not None
        hand.answer(store, ["anomaly"])
        with pytest.raises(LeaseLost):
            publish(store, settings, lease=lease)
        assert store.latest_order(*WHOSE) == before
        assert store.active_model(*hand.key).revision.id == before.revision_id


def test_a_learner_without_answers_ranks_as_it_is(home: Path, hand) -> None:
    settings = hand.settings(home, "static")
    with Store.open(home) as store:
        before = store.active_model(*hand.key)
        hand.answer(store, ["anomaly"])
        record, _ = published(store, settings)
        assert record.revision_id == before.revision.id
        vera = store.add_reviewer("vera", personal=True)
        assert publish(store, settings, Whose(*hand.key, vera.id)) is None


def test_without_a_model_there_is_no_order(tmp_path: Path, hand) -> None:
    with Store.open(tmp_path) as store:
        assert publish(store, hand.settings(tmp_path)) is None


def test_revisions_share_the_files_they_have_in_common(home: Path, hand) -> None:
    settings = hand.settings(home)
    with Store.open(home) as store:
        hand.answer(store, ["anomaly"])
        record, _ = published(store, settings)
        bare = settings.models_dir / store.model(record.revision_id).model.id
    folder = settings.models_dir / record.revision_id
    shared = {file.name for file in folder.iterdir() if same_file(file, bare / file.name)}
    assert {"reference.npz", "imputation.npz"} <= shared
    assert "learner.npz" not in shared
    assert Model.load(folder).revision == record.revision_id


def same_file(one: Path, other: Path) -> bool:
    return other.exists() and one.samefile(other)
