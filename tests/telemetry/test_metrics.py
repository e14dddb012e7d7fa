"""Numbers of a run equal its counts, and are served to this machine alone."""

import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from fink_ad.config import Settings
from fink_ad.errors import ConfigError
from fink_ad.pipeline import run
from fink_ad.sources.files import FilesSource
from fink_ad.store import Store
from fink_ad.telemetry import Metrics, NoMetrics, PrometheusMetrics, serve, timed
from fink_ad.telemetry.metrics import MAX_REASONS

NIGHT = Path(__file__).parents[2] / "data" / "ztf_night_20260301.avro"


def samples(metrics: PrometheusMetrics) -> dict[tuple[str, ...], float]:
    """Value by name and label values."""
    text, _ = metrics.exposition()
    return {
        (sample.name, *(sample.labels[label] for label in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


@pytest.fixture
def ran(tmp_path: Path) -> tuple[PrometheusMetrics, Store]:
    (tmp_path / "bad.avro").write_bytes(b"garbage")
    metrics = PrometheusMetrics()
    with Store.open(tmp_path / "home") as store:
        source = FilesSource([NIGHT, tmp_path / "bad.avro"])
        summary = run(source, store, Settings(home=tmp_path / "home"), metrics=metrics)
        assert summary.n_dead_letter.total() == 1
        yield metrics, store


def test_counts_are_those_of_the_store(ran):
    metrics, store = ran
    found = samples(metrics)
    for kind in ("in", "scored", "filtered", "duplicate", "dead_letter", "withheld"):
        stored = sum(n for key, n in store.counts().items() if key.kind == kind)
        name = f"fink_ad_alerts_{kind}_total"
        assert sum(n for key, n in found.items() if key[0] == name) == stored
    assert found["fink_ad_alerts_dead_letter_total", "bad_magic", ""] == 1
    n_candidates = len(store.candidates(top=None, best_per_object=False))
    assert found["fink_ad_candidates_total",] == n_candidates


def test_every_stage_is_timed_and_the_model_is_told(ran):
    metrics, store = ran
    found = samples(metrics)
    for provider, stage in (
        ("", "decode"),
        ("statistics", "describe"),
        ("context", "describe"),
        ("", "rank"),
        ("", "store"),
    ):
        assert found["fink_ad_stage_seconds_count", provider, stage] >= 1
        assert found["fink_ad_stage_seconds_sum", provider, stage] > 0
    assert found["fink_ad_batch_seconds_count",] >= 1
    assert found["fink_ad_last_batch_timestamp_seconds",] > 1.7e9
    active = store.active_model("ztf", "transient")
    assert found["fink_ad_model_info", "transient", active.revision.id, "ztf"] == 1


def test_a_new_model_takes_the_place_of_the_old():
    metrics = PrometheusMetrics()
    for revision in ("old", "old", "new"):
        metrics.set_model("ztf", "transient", revision)
    told = [key for key in samples(metrics) if key[0] == "fink_ad_model_info"]
    assert told == [("fink_ad_model_info", "transient", "new", "ztf")]


def test_made_up_reasons_stay_bounded():
    metrics = PrometheusMetrics()
    for number in range(MAX_REASONS + 50):
        metrics.count("filtered", 1, "ztf", f"reason {number}")
    metrics.count("filtered", 1, "ztf", "reason 0")
    found = {k: n for k, n in samples(metrics).items() if k[0] == "fink_ad_alerts_filtered_total"}
    assert len(found) == MAX_REASONS + 1
    assert found["fink_ad_alerts_filtered_total", "other", "ztf"] == 50
    assert found["fink_ad_alerts_filtered_total", "reason 0", "ztf"] == 2


def test_nobody_has_to_listen():
    metrics: Metrics = NoMetrics()
    metrics.count("in", 1)
    metrics.count_candidates(1)
    metrics.count_failures("x", 1)
    metrics.batch_done(1.0)
    metrics.set_model("ztf", "transient", "x")
    assert list(timed(iter("ab"), metrics, "decode")) == ["a", "b"]


def get(port: int, path: str) -> tuple[int, str, bytes]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return answer.status, answer.headers["Content-Type"], answer.read()


@pytest.mark.enable_socket
def test_is_served_while_the_context_lasts():
    metrics = PrometheusMetrics()
    metrics.count("in", 3, "ztf")
    with serve(metrics, 0) as port:
        status, kind, body = get(port, "/metrics")
        assert status == 200
        assert kind.startswith("text/plain")
        assert b'fink_ad_alerts_in_total{survey="ztf"} 3.0' in body
        told = json.loads(get(port, "/healthz?from=probe")[2])
        assert told == {"status": "ok", "seconds_since_last_batch": None}
        metrics.batch_done(0.1)
        assert 0 <= json.loads(get(port, "/healthz")[2])["seconds_since_last_batch"] < 10
        with pytest.raises(urllib.error.HTTPError) as missing:
            get(port, "/secrets")
        assert missing.value.code == 404
        missing.value.close()
        with pytest.raises(ConfigError, match=f"127.0.0.1:{port}: Address already in use"):
            serve(metrics, port).__enter__()
    with pytest.raises(urllib.error.URLError):
        get(port, "/metrics")


@pytest.mark.enable_socket
def test_an_address_that_is_none_is_named():
    with pytest.raises(ConfigError, match=r"cannot serve metrics at 192\.0\.2\.1:0"):
        serve(PrometheusMetrics(), 0, "192.0.2.1").__enter__()


def test_nothing_else_knows_who_collects():
    import fink_ad

    package = Path(fink_ad.__file__).parent
    users = [path for path in package.rglob("*.py") if "prometheus_client" in path.read_text()]
    assert [path.name for path in users] == ["metrics.py"]
