"""`process`: pure, the same everywhere, and a finite score for every alert."""

import multiprocessing
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pyarrow as pa
import pytest

from fink_ad.alerts import AlertBatch
from fink_ad.errors import ModelError, SourceError
from fink_ad.features import Context
from fink_ad.forest import Model
from fink_ad.pipeline import RANKINGS, Ranking, Rankings, ScoredBatch, process
from fink_ad.pipeline.scored import FILTERED, SCORED
from fink_ad.sources.files import FilesSource
from fink_ad.testing import make_batch, sample_batch

ELSEWHERE = """
import sys
from pathlib import Path

import pyarrow as pa

from fink_ad.alerts import AlertBatch
from fink_ad.features import Context
from fink_ad.forest import Model
from fink_ad.pipeline import RANKINGS, Ranking, Rankings, process

models = [Model.load(Path(folder)) for folder in sys.argv[1:]]
by_key = {(model.survey, model.population): Ranking(model, {}) for model in models}
context = Context({}, "both", {RANKINGS: Rankings(by_key, 1000.0, 0.01)})
with pa.ipc.open_stream(sys.stdin.buffer) as reader:
    scored = process(AlertBatch(reader.read_next_batch()), context).record_batch
with pa.ipc.new_stream(sys.stdout.buffer, scored.schema) as writer:
    writer.write_batch(scored)
"""


@pytest.fixture(scope="module")
def models(trained):
    return [Model.load(folder) for folder in sorted((trained.path / "models").iterdir())]


@pytest.fixture(scope="module")
def context(models):
    by_key = {(model.survey, model.population): Ranking(model, {}) for model in models}
    return Context({}, "both", {RANKINGS: Rankings(by_key, 1000.0, 0.01)})


@pytest.fixture(scope="module")
def batch(night):
    (survey,) = next(FilesSource([night], batch_size=300).batches({})).surveys
    return survey.alerts


def ipc(record_batch):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, record_batch.schema) as writer:
        writer.write_batch(record_batch)
    return sink.getvalue().to_pybytes()


def test_record_batches_go_through_a_fresh_process_and_come_back_the_same(batch, context, trained):
    here = process(batch, context)
    folders = [str(folder) for folder in sorted((trained.path / "models").iterdir())]
    told = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, *folders],
        input=ipc(batch.record_batch),
        capture_output=True,
        check=True,
    )
    with pa.ipc.open_stream(told.stdout) as reader:
        there = ScoredBatch(reader.read_next_batch())
    assert ipc(there.record_batch) == ipc(here.record_batch)
    assert len(there) == len(batch)


def test_a_process_pool_needs_nothing_but_batch_and_context(batch, context):
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        there = pool.submit(process, batch, context).result()
    assert ipc(there.record_batch) == ipc(process(batch, context).record_batch)


def test_twice_the_same_and_nothing_changed(batch, context):
    before = ipc(batch.record_batch), context.content_hash
    first = process(batch, context)
    assert ipc(process(batch, context).record_batch) == ipc(first.record_batch)
    assert (ipc(batch.record_batch), context.content_hash) == before


def test_a_slice_of_a_batch_scores_as_in_the_whole(batch, context):
    whole = process(batch, context).record_batch
    part = process(AlertBatch(batch.record_batch.slice(40, 60)), context).record_batch
    assert repr(part.to_pylist()) == repr(whole.slice(40, 60).to_pylist())


def test_scored_alerts_have_finite_scores_and_filtered_ones_none(batch, context):
    scored = process(batch, context)
    fate, score = scored.numbers("fate"), scored.numbers("score")
    assert {SCORED, FILTERED} == set(fate.tolist())
    assert np.isfinite(score[fate == SCORED]).all()
    assert np.isnan(score[fate == FILTERED]).all()
    assert (scored.numbers("one_in")[fate == SCORED] >= 1).all()
    reasons = np.array(scored.strings("reason"))
    assert set(reasons[fate == SCORED]) == {""}
    assert "" not in set(reasons[fate == FILTERED])
    assert scored.record_batch.column("alert_id").equals(batch.record_batch.column("alert_id"))


NIGHT = {"night": np.array([20260301], np.int32)}
ONE = {"mjd_utc": 61100.2, "band": "r", "diff_flux_njy": 3e4, "diff_flux_err_njy": 2e3}
HARD = {
    "one point": ONE,
    "one band": {**ONE, "mjd_utc": 61100.2 - np.arange(9.0), "diff_flux_njy": np.full(9, 3e4)},
    "negative flux": {**ONE, "diff_flux_njy": -3e4},
    "zero flux": {**ONE, "diff_flux_njy": 0.0},
    "zero error": {**ONE, "diff_flux_err_njy": 0.0},
    "negative error": {**ONE, "diff_flux_err_njy": -1.0},
    "error is NaN": {**ONE, "diff_flux_err_njy": np.nan},
    "flux is NaN": {**ONE, "diff_flux_njy": np.nan},
    "flux is infinite": {**ONE, "diff_flux_njy": np.inf},
    "all at one time": {**ONE, "mjd_utc": np.full(5, 61100.2), "diff_flux_njy": np.full(5, 3e4)},
    "a band of another survey": {**ONE, "band": "y"},
    "only limits before it": {
        **ONE,
        "mjd_utc": 61100.2 - np.arange(4.0)[::-1],
        "kind": ["limit"] * 3 + ["detection"],
        "diff_flux_njy": [np.nan] * 3 + [3e4],
        "diff_flux_err_njy": [np.nan] * 3 + [2e3],
        "limit_flux_njy": [9e3] * 3 + [np.nan],
    },
    "ten thousand points": {
        **ONE,
        "mjd_utc": 61100.2 - np.arange(10_000) / 100,
        "diff_flux_njy": 3e4 + np.arange(10_000.0),
    },
}


@pytest.mark.parametrize("curve", HARD.values(), ids=HARD.keys())
def test_every_alert_gets_a_finite_score(context, curve):
    scored = process(make_batch("ztf", [curve], **NIGHT), context)
    assert scored.numbers("fate").tolist() == [SCORED]
    assert np.isfinite(scored.numbers("score")).all()
    assert np.isfinite(scored.features(np.array([0]))).any()


def test_a_body_is_scored_by_the_model_of_bodies(context, models):
    near = {"designation": ["(433) Eros"], "solar_system_sep_arcsec": np.array([0.4])}
    scored = process(make_batch("ztf", [ONE], **NIGHT, **near), context)
    (model,) = (model for model in models if model.population == "solar_system")
    assert scored.strings("population") == ["solar_system"]
    assert scored.strings("model_revision") == [model.revision]
    assert np.isfinite(scored.numbers("score")).all()


def test_an_alert_without_any_point_gets_a_finite_score(context):
    full = make_batch("ztf", [ONE], **NIGHT)
    points = full.points.select(np.zeros(1, bool)).to_arrow()
    index = full.record_batch.schema.get_field_index("points")
    empty = AlertBatch(
        full.record_batch.set_column(index, full.record_batch.schema.field("points"), points)
    )
    scored = process(empty, context)
    assert np.isfinite(scored.numbers("score")).all()
    assert scored.numbers("n_det").tolist() == [0]


def test_no_alerts_give_no_rows(context):
    assert len(process(sample_batch("ztf", 3).take(np.array([], np.int64)), context)) == 0


def test_other_features_than_the_models_are_refused(batch, context):
    other = Context({}, context.model_revision, context.tables, feature_providers=("context",))
    with pytest.raises(ModelError, match=r"cannot score this table.*statistics"):
        process(batch, other)


def test_a_population_without_a_model_is_named(batch, models):
    only = {("ztf", "solar_system"): Ranking(models[0], {})}
    context = Context({}, "", {RANKINGS: Rankings(only, 1000.0, 0.01)})
    with pytest.raises(ModelError, match="no model for ztf transient"):
        process(batch, context)


def test_a_record_batch_of_other_columns_is_refused():
    with pytest.raises(SourceError, match="not a ScoredBatch"):
        ScoredBatch(pa.record_batch({"score": [1.0]}))


@pytest.mark.real_data
def test_real_alerts_all_get_finite_scores(real_data, home):
    """Models of their own, as the first alerts of a survey give."""
    names = ["ztf/ztf_20260322_31_prod_8scores.avro", "lsst"]
    for name in names:
        home.run(real_data / name)
    found = home.by_alert(["score", "rarity", "provisional"])
    assert len(found) > 90
    assert all(np.isfinite(score) and rarity >= 1 for _, score, rarity, _ in found)
    assert all(provisional for *_, provisional in found)
