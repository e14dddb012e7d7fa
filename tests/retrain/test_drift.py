"""The newest night is measured, remembered, and told where people and machines look."""

from fink_ad.operations import examine
from fink_ad.retrain import measure_drifts
from fink_ad.scheduler import do_job, job_named
from fink_ad.store import DriftRecord
from fink_ad.telemetry import NoMetrics, PrometheusMetrics

from .conftest import KEY, Home


def found(home: Home, check: str) -> dict[str, str]:
    return {one.level: one.told for one in examine(home.settings()) if one.check == check}


def test_the_newest_night_is_measured_and_remembered(home: Home) -> None:
    with home.store() as store:
        measured = {one.population: one for one in measure_drifts(store, home.settings()).records}
        one = measured["transient"]
        assert one.night == max(store.nights("ztf", 99_999_999))
        assert one.model_revision == home.active().revision
        assert one.figures["n_alerts"] > 100
        # A night measured twice is told once.
        measure_drifts(store, home.settings())
        assert len(store.drift(*KEY)) == 1
    assert any("night 2026030" in told for told in found(home, "drift").values())


def test_too_few_alerts_are_not_told_as_the_usual(home: Home) -> None:
    with home.store() as store:
        measured = {one.population: one for one in measure_drifts(store, home.settings()).records}
        bodies = measured["solar_system"]
        assert bodies.figures["n_alerts"] < 100
        assert not bodies.told
        active = store.active_model(*KEY)
        assert active is not None
        run = do_job(store, home.settings(), NoMetrics(), job_named("drift"), active.activated_at)
    assert run is not None
    assert f"ztf solar_system {bodies.night}: too few alerts to tell" in run.detail
    told = [one.told for one in examine(home.settings()) if one.check == "drift"]
    assert f"ztf solar_system, night {bodies.night}: too few alerts to tell" in told


def test_a_model_that_cannot_be_read_leaves_the_others_alone(home: Home) -> None:
    (home.settings().models_dir / home.active().revision / "manifest.json").unlink()
    with home.store() as store:
        measured = measure_drifts(store, home.settings())
        assert [one.population for one in measured.records] == ["solar_system"]
        (failure,) = measured.failures
        assert failure.startswith("ztf transient: ")
        active = store.active_model(*KEY)
        assert active is not None
        run = do_job(store, home.settings(), NoMetrics(), job_named("drift"), active.activated_at)
    assert run is not None
    assert run.outcome == "failed"
    assert failure in run.detail


def test_an_alarm_reaches_the_doctor_and_the_metrics(home: Home) -> None:
    metrics = PrometheusMetrics()
    metrics.set_drift(*KEY, {"psi_max": 0.7, "psi": {"a": 0.7}, "reasons": ["a shifted"]}, True)
    text = metrics.exposition()[0].decode()
    told = 'population="transient",survey="ztf"'
    assert f'fink_ad_drift{{figure="psi_max",{told}}} 0.7' in text
    assert f"fink_ad_drift_alarm{{{told}}} 1.0" in text
    with home.store() as store:
        (one, *_) = measure_drifts(store, home.settings()).records
        figures = {"reasons": ["context.age shifted"]}
        store.record_drift(
            DriftRecord(*KEY, one.night, one.model_revision, figures, True, one.measured_at)
        )
    assert "context.age shifted" in found(home, "drift")["warning"]


def test_the_job_tells_what_came_of_it(home: Home) -> None:
    with home.store() as store:
        (last,) = store.nights("ztf", 99_999_999)[-1:]
        active = store.active_model(*KEY)
        assert active is not None
        run = do_job(store, home.settings(), NoMetrics(), job_named("drift"), active.activated_at)
    assert run is not None
    assert run.outcome == "done"
    assert f"ztf transient {last}: " in run.detail
    assert "drift, due " in found(home, "job")["ok"]


def test_a_job_that_failed_is_told_by_the_doctor(home: Home) -> None:
    with home.store() as store:
        active = store.active_model(*KEY)
        assert active is not None
        begun = store.start_job("retrain", active.activated_at, "nobody")
        assert begun is not None
        store.finish_job(begun.id, "failed", "no room on the disk")
    assert "no room on the disk" in found(home, "job")["warning"]
