"""Several runs of one home, filters after filters, lists of one model."""

import pytest

from fink_ad.errors import FinkAdError, StoreError
from fink_ad.features import Context
from fink_ad.pipeline import RunSummary
from fink_ad.pipeline.describe import describe, providers_of
from fink_ad.testing import sample_batch

ROUTES = """
import numpy as np
from fink_ad.filters import Verdicts


class Router:
    version = "1"
    requires = ()
    stage = "before_features"

    def judge(self, batch, features, scores, context):
        verdicts = Verdicts.keep_all(len(batch))
        return Verdicts(verdicts.verdict, verdicts.reason, population=self.route(batch))


class Sends(Router):
    name = "y_sends"

    def route(self, batch):
        return np.ones(len(batch), np.int8)


class Looks(Router):
    name = "z_looks"

    def route(self, batch):
        return batch.codes("population")
"""


def test_a_second_run_of_the_same_home_waits_its_turn(trained_home, packets, tmp_path):
    home = trained_home("home")
    file = packets[:20].write(tmp_path / "a.avro")
    told = "another run is writing to .* choose another"
    with home.store() as store, store.writing_run(), pytest.raises(StoreError, match=told):
        home.run(file)
    assert home.run(file).n_in == 20


def test_a_filter_sees_where_the_one_before_it_sent_the_alerts(install):
    install(ROUTES, filters={"y_sends": "Sends", "z_looks": "Looks"})
    batch = sample_batch("ztf", 5, 3)
    described = describe(batch, Context())
    assert {f.name for f in providers_of(Context()).before_features} >= {"y_sends", "z_looks"}
    assert list(described.features) == ["solar_system"]


def test_counts_outlive_a_failure(trained_home, packets, tmp_path, monkeypatch):
    home = trained_home("home")
    folder = packets[:200].write_parts(tmp_path / "in", 40)
    summary = RunSummary()

    def fail_late(now: RunSummary) -> None:
        if now.n_in >= 80:
            raise FinkAdError("the disk is on fire")

    with pytest.raises(FinkAdError, match="on fire"):
        home.run(folder, summary=summary, on_batch=fail_late, batch_size=40)
    assert summary.adds_up
    assert 80 <= summary.n_in < 200


def test_candidates_are_listed_by_the_model_that_scored_last(home, packets, tmp_path):
    home.run(packets[:60].write(tmp_path / "few.avro"))
    with home.store() as store:
        few = store.latest_revision("ztf", "transient")
    home.run(packets[60:].write(tmp_path / "many.avro"))
    with home.store() as store:
        many = store.latest_revision("ztf", "transient")
        assert store.latest_revision("ztf", "transient", night=19990101) is None
        assert store.latest_revision("lsst", "transient") is None
        views = store.candidates(top=None, model=many, population="transient")
    assert few != many
    assert {view.model_revision for view in views} == {many}
