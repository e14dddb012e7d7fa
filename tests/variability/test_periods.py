"""Periods of simulated stars are found or not told; what has none is given none."""

import json

import numpy as np
import pytest

from fink_ad.features import Context
from fink_ad.sources.files import FilesSource
from fink_ad.testing import check_view_provider, make_batch
from fink_ad.variability import PeriodSearch, fit_period
from fink_ad.variability.periods import PeriodSearchSettings

SEARCH = PeriodSearch()


def light_curve(
    n=60, span=200.0, period=0.567, noise=0.05, swing=0.4, hours=7, population="transient"
):
    """Nightly visits in g and r, some hours long, of a star that swings about magnitude 18."""
    rng = np.random.default_rng(0)
    nights = np.sort(rng.choice(np.arange(span), n, replace=False))
    time = 61000 + nights + rng.uniform(0, hours / 24, n)
    mag = 18 + swing * np.sin(2 * np.pi * time / period) + rng.normal(0, noise, n)
    flux = 10 ** (0.4 * (31.4 - mag))
    curve = {
        "mjd_utc": time,
        "band": np.where(np.arange(n) % 2, "g", "r"),
        "diff_flux_njy": flux,
        "diff_flux_err_njy": flux * noise / 1.086,
    }
    return make_batch("ztf", [curve], population)


def test_it_keeps_the_contract() -> None:
    check_view_provider(SEARCH)


def test_a_sine_wave_is_found_and_its_source_told() -> None:
    found = SEARCH.period(light_curve(), Context())
    assert found is not None
    assert found.days == pytest.approx(0.567, rel=1e-3)
    assert "60 points" in found.source
    assert "false-alarm probability" in found.source


def test_the_period_told_is_marked_in_the_periodogram() -> None:
    figure = SEARCH.figure(light_curve(), Context())
    json.dumps(figure, allow_nan=False)
    (trace,), layout = figure["data"], figure["layout"]
    assert layout["title"]["text"].startswith("Period 0.56")
    assert layout["shapes"][0]["x0"] == pytest.approx(1 / 0.567, rel=1e-3)
    highest = trace["x"][int(np.argmax(trace["y"]))]
    assert highest == pytest.approx(1 / 0.567, abs=0.01)
    assert 700 < len(trace["x"]) <= 1500
    assert len(trace["x"]) == len(trace["y"])


def test_the_periodogram_says_why_no_period_is_told() -> None:
    noisy = light_curve(swing=0.02)
    assert SEARCH.period(noisy, Context()) is None
    title = SEARCH.figure(noisy, Context())["layout"]["title"]["text"]
    assert title.startswith("No period to be sure of")
    assert "noise may be fitted as well" in title
    slow = light_curve(period=300.0, noise=0.005)
    assert SEARCH.period(slow, Context()) is None
    assert "behind it" in SEARCH.figure(slow, Context())["layout"]["title"]["text"]


@pytest.mark.parametrize("alert", [light_curve(n=10), light_curve(population="solar_system")])
def test_without_enough_points_there_is_no_periodogram(alert) -> None:
    assert SEARCH.figure(alert, Context()) is None


@pytest.mark.parametrize(("kind", "least"), [("rr_lyrae", 0.3), ("cepheid", 0.45)])
def test_periods_of_pulsating_stars_are_right_where_they_are_told(simulated, kind, least) -> None:
    # Of 100 each, 45 and 63 were found, all to 1 %; the others have too few visits to tell.
    true = np.array(simulated.periods[kind])
    told = [SEARCH.period(alert, Context()) for alert in simulated.alerts[kind]]
    ratio = np.array([np.nan if one is None else one.days for one in told]) / true
    assert np.isfinite(ratio).mean() > least
    assert np.mean(np.abs(ratio[np.isfinite(ratio)] - 1) < 0.01) > 0.9


@pytest.mark.parametrize(
    "kind",
    ["supernova_ia", "supernova_ii", "superluminous_supernova", "tidal_disruption_event", "agn"],
)
def test_what_has_no_period_is_given_none(simulated, kind) -> None:
    assert [SEARCH.period(alert, Context()) for alert in simulated.alerts[kind]] == [None] * 15


def test_noise_has_a_period_no_more_often_than_is_said() -> None:
    rng = np.random.default_rng(1)
    chances = []
    for _ in range(200):
        time = np.sort(rng.choice(300, 50, replace=False)) + rng.uniform(0, 0.3, 50)
        error = rng.uniform(0.02, 0.2, 50)
        fit = fit_period(time, rng.normal(0, 3 * error), error, np.arange(50) % 2, 10.0)
        assert fit is not None
        chances.append(fit.false_alarm)
    # Of 200 below a tenth twenty are expected, if the figure means what it says.
    assert np.mean(np.array(chances) < 0.1) < 0.2
    assert np.mean(np.array(chances) < 1e-3) < 0.02


@pytest.mark.parametrize("period", [1.0, 0.5])
def test_what_the_sampling_makes_is_no_period(period) -> None:
    assert SEARCH.period(light_curve(period=period + 1e-4, hours=1), Context()) is None


def test_three_cycles_have_to_be_seen() -> None:
    assert SEARCH.period(light_curve(period=100.0), Context()) is None
    assert SEARCH.period(light_curve(period=40.0), Context()) is not None


def test_few_points_and_moving_bodies_are_not_searched() -> None:
    assert SEARCH.period(light_curve(n=19), Context()) is None
    assert SEARCH.period(light_curve(population="solar_system"), Context()) is None
    few = PeriodSearch(PeriodSearchSettings(min_points=61))
    assert few.period(light_curve(), Context()) is None


def test_two_unlike_minima_are_one_cycle() -> None:
    rng = np.random.default_rng(3)
    time = np.sort(rng.uniform(0, 200, 150))
    phase = time / 2.3
    dips = 0.5 * np.cos(4 * np.pi * phase) + 0.2 * np.cos(2 * np.pi * phase)
    value = dips + rng.normal(0, 0.02, 150)
    fit = fit_period(time, value, np.full(150, 0.02), np.zeros(150, int), 10.0)
    assert fit is not None
    assert 1 / fit.frequency == pytest.approx(2.3, rel=1e-3)


@pytest.mark.parametrize(
    ("time", "value"),
    [(np.zeros(30), np.arange(30.0)), (np.arange(30.0), np.ones(30)), (np.arange(5.0),) * 2],
    ids=["no span", "constant", "few"],
)
def test_what_cannot_be_fitted_has_no_period(time, value) -> None:
    band = np.zeros(len(time), int)
    assert fit_period(time, value, np.ones(len(time)), band, 10.0) is None


@pytest.mark.real_data
def test_real_light_curves_are_searched_without_a_word(real_data) -> None:
    for batch in FilesSource([real_data / "lsst" / "lsst_20260304_7_long_prod.avro"]).batches({}):
        for part in batch.surveys:
            for row in range(len(part.alerts)):
                alert = part.alerts.take(np.array([row]))
                assert SEARCH.period(alert, Context()) is None
