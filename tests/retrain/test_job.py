"""The nightly retraining tells which model went wrong, and why."""

import pytest
from typer.testing import CliRunner

from fink_ad.cli import app
from fink_ad.operations import examine
from fink_ad.retrain import FAILED, TOO_FEW, retrain_all
from fink_ad.scheduler import do_job, job_named
from fink_ad.telemetry import NoMetrics

from .conftest import KEY, Home


@pytest.fixture
def damaged(home: Home) -> Home:
    """One of two models cannot be read, of the other there are too few alerts."""
    (home.settings().models_dir / home.active().revision / "manifest.json").unlink()
    return home


def test_too_few_alerts_is_no_failure_and_a_broken_model_is(damaged: Home) -> None:
    with damaged.store() as store:
        told = {one.population: one for one in retrain_all(store, damaged.settings())}
        assert told["transient"].verdict == FAILED
        assert told["solar_system"].verdict == TOO_FEW
        assert "alerts are too few for a new model" in told["solar_system"].reason
        active = store.active_model(*KEY)
        assert active is not None
        run = do_job(
            store, damaged.settings(), NoMetrics(), job_named("retrain"), active.activated_at
        )
    assert run is not None
    assert run.outcome == "failed"
    assert f"ztf transient: failed ({told['transient'].reason})" in run.detail
    (finding,) = (one for one in examine(damaged.settings()) if one.check == "job")
    assert finding.level == "warning"


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_the_command_fails_when_one_of_the_models_does(
    damaged: Home, options: tuple[str, ...]
) -> None:
    done = CliRunner().invoke(app, ["--home", str(damaged.path), "retrain", "--dry-run", *options])
    assert done.exit_code == 1
    assert "too few" in done.stdout


def test_a_survey_without_models_is_told(home: Home) -> None:
    done = CliRunner().invoke(app, ["--home", str(home.path), "retrain", "--survey", "lsst"])
    assert done.exit_code != 0
    assert "there is no lsst transient model yet" in str(done.exception) + done.output
