"""Where a survey and population have no model yet."""

import random

import pytest

from fink_ad.alerts.avro import read_packets
from fink_ad.alerts.packets import choose_fields, to_batches
from fink_ad.features import Context
from fink_ad.pipeline.describe import describe
from fink_ad.simulate import simulate_night
from fink_ad.simulate.schema import PACKET_SCHEMA
from fink_ad.store import ModelRecord


def models(home) -> list[ModelRecord]:
    with home.store() as store:
        active = [store.active_model("ztf", name) for name in ("transient", "solar_system")]
    return [one.model for one in active if one is not None]


@pytest.fixture(scope="module")
def transients(packets):
    """Packets of a kind that no filter drops and that are no bodies."""
    simulated = simulate_night(20260301, n_objects=700, inject={}, seed=21)
    whole = packets.__class__(tuple(simulated.bodies))
    (tables,) = read_packets(whole.bodies, choose_fields, schema=PACKET_SCHEMA).groups
    described = describe(to_batches(tables).alerts, Context())
    kept, _ = described.features["transient"]
    return whole.of(kept.tolist())


def test_few_alerts_give_a_provisional_model_that_a_later_run_replaces(home, transients, tmp_path):
    first = home.run(transients[:100].write(tmp_path / "a.avro"))
    assert first.provisional
    assert [row[3] for row in home.by_alert()] == [True] * first.n_scored
    (before,) = models(home)
    assert before.provisional
    assert before.n_rows == 100

    second = home.run(transients[100:255].write(tmp_path / "b.avro"))
    assert second.provisional
    assert models(home) == [before]

    third = home.run(transients[255:300].write(tmp_path / "c.avro"))
    (after,) = models(home)
    assert not third.provisional
    assert not after.provisional
    assert after.id != before.id
    assert after.n_rows == 300  # the alerts of all three runs

    home.run(transients[300:350].write(tmp_path / "d.avro"))
    assert models(home) == [after]


def test_enough_alerts_in_one_run_give_a_model_at_once(home, transients, tmp_path):
    summary = home.run(transients[:256].write_parts(tmp_path / "in", 20), batch_size=20)
    assert not summary.provisional
    (model,) = models(home)
    assert (model.n_rows, model.provisional) == (256, False)
    assert {row[1] for row in home.by_alert(["model_revision"])} == {model.id}


def test_the_first_model_does_not_depend_on_order_or_batches(home, transients, tmp_path):
    rows = list(range(300))
    found = []
    for number, batch_size in enumerate((13, 500, 90)):
        random.Random(number).shuffle(rows)
        there = type(home)(tmp_path / f"home{number}")
        there.run(
            transients.of(rows).write_parts(tmp_path / f"in{number}", 10), batch_size=batch_size
        )
        found.append((models(there)[0].id, there.by_alert()))
    assert found[0] == found[1] == found[2]


def test_alerts_are_held_back_only_up_to_the_limit(home, transients, tmp_path):
    """The model is made of what was held back; what comes later is ranked as it comes."""
    folder = transients[:400].write_parts(tmp_path / "in", 20)
    summary = home.run(folder, batch_size=20, first_model={"size": 280})
    (model,) = models(home)
    assert model.n_rows == 280
    assert summary.n_scored == 400


def test_nothing_is_stored_before_there_is_a_model(home, transients, tmp_path):
    folder = transients[:300].write_parts(tmp_path / "in", 20)
    stopped = home.run(folder, batch_size=20, should_stop=lambda: True)
    assert stopped.interrupted
    assert stopped.n_in == 0
    assert models(home) == []
    calm = type(home)(tmp_path / "calm")
    calm.run(folder, batch_size=20)
    home.run(folder, batch_size=20)
    assert home.contents() == calm.contents()


def test_a_population_that_comes_late_gets_its_model(home, transients, tmp_path):
    bodies = simulate_night(20260301, n_objects=1, inject={"asteroid": 40}, seed=4)
    first = home.run(transients[:270].write(tmp_path / "a.avro"))
    assert set(first.models) == {"ztf/transient"}
    second = home.run(type(transients)(tuple(bodies.bodies)).write(tmp_path / "b.avro"))
    assert second.models["ztf/transient"] == first.models["ztf/transient"]
    assert "ztf/solar_system" in second.models
    assert second.provisional


def test_a_model_may_rank_among_peers(home, transients, tmp_path):
    file = transients[:300].write(tmp_path / "a.avro")
    summary = home.run(file, forest={"parameters": {"peers": True}})
    (model,) = models(home)
    assert model.manifest["parameters"]["peers"] is True
    assert summary.n_scored == 300
    assert summary.n_candidates > 0
