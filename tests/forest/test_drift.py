import json
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from fink_ad.errors import ModelError
from fink_ad.features import FeatureColumn, FeatureSchema, FeatureTable
from fink_ad.forest import LabelledAlerts, Model
from fink_ad.forest.drift import MIN_ALERTS, Drift, measure_drift
from fink_ad.forest.histograms import leaf_divergence, stability_index, stability_noise

N_CURVE, N_HOST = 16, 3
NAMES = [f"curve.c{i}" for i in range(N_CURVE)] + [f"host.h{i}" for i in range(N_HOST)]
SCHEMA = FeatureSchema(
    tuple(FeatureColumn(name, "mag", name.split(".")[0], "a number") for name in NAMES),
    (("curve", "1"), ("host", "1")),
)
MIXING = np.random.default_rng(99).normal(size=(3, N_CURVE))


def night(n_alerts: int, seed: int) -> tuple[FeatureTable, NDArray[np.int64]]:
    """A flux-limited sky: magnitudes that pile up at the limit, columns that go together."""
    rng = np.random.default_rng(seed)
    n_det = np.minimum(rng.geometric(0.12, n_alerts), 60)
    curve = rng.normal(size=(n_alerts, 3)) @ MIXING + 0.6 * rng.normal(size=(n_alerts, N_CURVE))
    curve[:, 0] = 20.5 - rng.exponential(0.9, n_alerts) + 0.1 * rng.normal(size=n_alerts)
    curve[:, 1] = curve[:, 0] - 0.4 + 0.5 * rng.normal(size=n_alerts)
    curve[n_det < 4, 5:9] = np.nan
    curve[:, 14] = rng.integers(0, 3, n_alerts)
    curve[:, 15] = 1.0
    host = rng.standard_t(3, size=(n_alerts, N_HOST))
    host[rng.random(host.shape) < 0.3] = np.nan
    return FeatureTable(SCHEMA, np.hstack([curve, host])), n_det


def trained(n_alerts: int, learner: str = "static", n_nights: int = 4) -> Model:
    table, n_det = night(n_alerts, 0)
    answered, answered_n_det = night(80, 1)
    return Model.train(
        table,
        survey="ztf",
        population="transient",
        alert_ids=np.arange(n_alerts),
        object_ids=np.arange(n_alerts).astype(str),
        n_det=n_det,
        nights=20240101 + np.arange(n_alerts) % n_nights,
        learner=learner,
        parameters={"n_trees": 60},
        labelled=LabelledAlerts.of(
            answered,
            np.arange(80),
            np.arange(80).astype(str),
            np.where(answered.values[:, 4] > 1.0, "anomaly", "ordinary"),
            n_det=answered_n_det,
        ),
    )


@pytest.fixture(scope="module", params=["static", "fal"])
def model(request) -> Model:
    return trained(2000, request.param)


def measured(
    model: Model, n_alerts: int, seed: int, change: Callable[..., None] = lambda values: None
) -> Drift:
    table, n_det = night(n_alerts, seed)
    change(table.values)
    return measure_drift(model, table, model.score(table, n_det), n_det)


def one_column_shifted(values: NDArray[np.float64]) -> None:
    values[:, 7] += np.nanstd(values[:, 7])


def one_column_missing(values: NDArray[np.float64]) -> None:
    values[:, 16] = np.nan


def zero_point_of_one_band(values: NDArray[np.float64]) -> None:
    values[:, 0] += 0.3


def zero_point_of_all_bands(values: NDArray[np.float64]) -> None:
    values[:, :2] -= 0.3


def constant_column_moved(values: NDArray[np.float64]) -> None:
    values[:, 15] = 2.0


@pytest.mark.parametrize(("n_alerts", "n_nights"), [(500, 100), (5000, 20)])
def test_the_same_sky_raises_no_alarm(model, n_alerts, n_nights) -> None:
    reasons = [
        reason
        for seed in range(n_nights)
        for reason in measured(model, n_alerts, 100 + seed).reasons
    ]
    assert reasons == []


@pytest.mark.parametrize("n_alerts", [500, 5000])
@pytest.mark.parametrize(
    ("change", "named"),
    [
        (one_column_shifted, "curve.c7"),
        (one_column_missing, "host.h0"),
        (zero_point_of_one_band, "curve.c0"),
        (zero_point_of_all_bands, "curve.c0"),
        (constant_column_moved, "curve.c15"),
    ],
)
def test_another_sky_does(model, n_alerts, change, named) -> None:
    for seed in range(5):
        drift = measured(model, n_alerts, 200 + seed, change)
        assert drift.alarm
        assert named in drift.figures["psi"]
        assert any(reason.startswith(f"{named} shifted") for reason in drift.reasons)


def test_what_is_another_every_night_is_no_drift() -> None:
    """As seeing is: the reference's own nights tell how much."""

    def seeing(values: NDArray[np.float64], night: int) -> None:
        values[:, 7] += 2.0 * np.cos(2.0 * night)

    model = trained(2000)
    for number in range(4):
        seeing(model.reference.values[number::4], number)
    for number in (6, 11, 22):
        drift = measured(model, 500, 300 + number, partial(seeing, night=number))
        assert drift.figures["psi"]["curve.c7"] > 0.2
        assert drift.reasons == ()
    assert measured(model, 500, 310, constant_column_moved).alarm


def test_a_reference_of_one_night_tells_only_what_is_gone() -> None:
    model = trained(2000, n_nights=1)
    assert not measured(model, 500, 7, one_column_shifted).alarm
    drift = measured(model, 500, 7, constant_column_moved)
    assert drift.figures["n_nights"] == 0
    assert drift.alarm


def test_leaves_tell_what_no_single_column_does(model) -> None:
    """Columns that went together and no longer do: each by itself is as it was."""

    def torn_apart(values: NDArray[np.float64]) -> None:
        rng = np.random.default_rng(0)
        for column in range(2, 14):
            values[:, column] = rng.permutation(values[:, column])

    drift = measured(model, 5000, 7, torn_apart)
    assert drift.figures["psi_max"] < drift.figures["psi_alarm"]
    assert any("other leaves" in reason for reason in drift.reasons)


def test_scores_are_compared_among_peers(model) -> None:
    table, n_det = night(5000, 8)
    scores = model.score(table, n_det)
    few = (n_det > 1) & (n_det < 4)
    raised = np.where(few, scores + np.ptp(scores), scores)
    reasons = measure_drift(model, table, raised, n_det).reasons
    assert reasons
    assert all("with 2-3 detections" in reason for reason in reasons)


def test_figures_are_json_and_repeat(model) -> None:
    figures = measured(model, 500, 3, one_column_missing).figures
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert figures == measured(model, 500, 3, one_column_missing).figures


def test_too_few_alerts_say_nothing(model) -> None:
    drift = measured(model, MIN_ALERTS - 1, 3, one_column_missing)
    assert not drift.alarm
    assert set(drift.figures) == {"n_alerts", "n_reference", "reasons"}


def test_lengths_must_agree(model) -> None:
    table, n_det = night(200, 1)
    with pytest.raises(ModelError, match="199 scores"):
        measure_drift(model, table, np.zeros(199), n_det)


def test_stability_index_of_a_known_shift() -> None:
    """Of two normal distributions one standard deviation apart it is 1, a little less in bins."""
    rng = np.random.default_rng(0)
    index = stability_index(rng.normal(size=200_000), rng.normal(1.0, size=200_000))
    assert index == pytest.approx(0.95, abs=0.05)


def test_stability_index_of_one_sky_stays_below_its_noise() -> None:
    rng = np.random.default_rng(1)
    border = stability_noise(2000, 500, 1)
    above = sum(
        stability_index(rng.normal(size=2000), rng.normal(size=500)) > border for _ in range(1000)
    )
    assert above <= 6
    assert border < 0.2


def test_stability_index_of_columns_without_values() -> None:
    nothing, something = np.full(500, np.nan), np.ones(500)
    assert stability_index(nothing, nothing) == 0.0
    assert stability_index(nothing, something) > 5.0
    assert stability_index(something, np.full(500, np.inf)) > 5.0


def test_leaf_divergence_by_hand() -> None:
    """Tree one: half against all in one leaf; tree two: disjoint leaves, one bit."""
    reference = np.array([[0, 10]] * 2 + [[1, 10]] * 2, np.int32)
    tonight = np.array([[0, 11]] * 4, np.int32)
    divergence, by_chance = leaf_divergence(reference, tonight, 0)
    half = 0.5 * (0.5 * np.log2(0.5 / 0.75) + 0.5 * np.log2(0.5 / 0.25)) + 0.5 * np.log2(1 / 0.75)
    np.testing.assert_allclose(divergence, [half, 1.0])
    assert by_chance.mean() < 0.25 < divergence.mean()
