"""Supernovae are given a curve through their points; noise and odd shapes are given none."""

import numpy as np
import pytest

from fink_ad.alerts import BANDS
from fink_ad.features import Context
from fink_ad.testing import check_view_provider, make_batch
from fink_ad.variability import RiseAndFall
from fink_ad.variability.measured import measured

FIT = RiseAndFall()


def supernova(noise=500.0, rise=4.0, fall=20.0, n=30, scale=30_000.0, seed=0, **more):
    rng = np.random.default_rng(seed)
    time = 61000 + np.sort(rng.uniform(0, 70, n))
    days = time - 61020
    flux = scale * np.exp(-days / fall) / (1 + np.exp(-days / rise))
    curve = {
        "mjd_utc": time,
        "band": "r",
        "diff_flux_njy": flux + rng.normal(0, noise, n),
        "diff_flux_err_njy": np.full(n, noise),
    }
    return make_batch("ztf", [curve], **more)


def test_it_keeps_the_contract() -> None:
    check_view_provider(FIT)


def test_the_parameters_of_the_fit_are_told() -> None:
    (table,) = FIT.figure(supernova(), Context())["data"]
    assert table["header"]["values"] == ["band", "r"]
    cells = dict(zip(*table["cells"]["values"], strict=True))
    assert float(cells["reference time [MJD]"]) == pytest.approx(61020, abs=1)
    assert float(cells["rise [d]"]) == pytest.approx(4, rel=0.2)
    assert float(cells["fall [d]"]) == pytest.approx(20, rel=0.2)
    assert float(cells["amplitude [µJy]"]) == pytest.approx(30, rel=0.2)


def test_where_nothing_is_fitted_the_table_says_why() -> None:
    (table,) = FIT.figure(supernova(n=5), Context())["data"]
    assert table["cells"]["values"][1] == ["5 points, 8 are needed", *[""] * 6]
    assert FIT.figure(supernova(population="solar_system"), Context()) is None


def test_a_supernova_gets_a_curve_through_its_points() -> None:
    alert = supernova()
    (curve,) = FIT.curves(alert, Context())
    points = measured(alert, "diff")
    model = np.interp(points.mjd_utc, curve.mjd_utc, curve.diff_flux_njy)
    chi2 = np.mean(((points.flux_njy - model) / points.flux_err_njy) ** 2)
    assert chi2 < 2
    assert curve.band == "r"
    assert "reduced chi-square" in curve.label


def test_a_curve_ends_where_the_points_do() -> None:
    alert = supernova()
    (curve,) = FIT.curves(alert, Context())
    points = measured(alert, "diff")
    assert (curve.mjd_utc[0], curve.mjd_utc[-1]) == pytest.approx(
        (points.mjd_utc[0], points.mjd_utc[-1])
    )


def test_simulated_transients_get_curves_that_fit(simulated) -> None:
    n_curves, misfit = 0, []
    for kind in ("superluminous_supernova", "supernova_ii", "tidal_disruption_event"):
        for alert in simulated.alerts[kind]:
            points = measured(alert, "diff")
            curves = FIT.curves(alert, Context())
            n_curves += bool(curves)
            for curve in curves:
                mine = points.where(points.band == BANDS.index(curve.band))
                model = np.interp(mine.mjd_utc, curve.mjd_utc, curve.diff_flux_njy)
                error = np.hypot(mine.flux_err_njy, 0.03 * mine.flux_njy)
                n_free = len(mine) - 5
                misfit.append(np.sum(((mine.flux_njy - model) / error) ** 2) / n_free)
    # Of 100 each, between 30 and 54 have a band that was seen often enough. The grid of the
    # curve is coarse beside a steep rise: a little above the limit is right.
    assert n_curves >= 8
    assert np.median(misfit) < 2
    assert max(misfit) < 7


def test_noise_gets_no_curve() -> None:
    n_curves = sum(
        len(FIT.curves(supernova(scale=0.0, seed=seed), Context())) for seed in range(100)
    )
    assert n_curves <= 1


def test_a_variable_star_gets_no_curve(simulated) -> None:
    n_curves = [len(FIT.curves(alert, Context())) for alert in simulated.alerts["rr_lyrae"]]
    assert sum(n_curves) <= 1


def test_few_points_and_moving_bodies_get_no_curve() -> None:
    assert FIT.curves(supernova(n=7), Context()) == ()
    assert FIT.curves(supernova(population="solar_system"), Context()) == ()


def test_each_band_is_fitted_by_itself() -> None:
    curves = []
    for band, scale in (("g", 30_000.0), ("r", 20_000.0)):
        points = supernova(scale=scale).points
        curves.append(
            {
                "mjd_utc": points["mjd_utc"],
                "band": band,
                "diff_flux_njy": points["diff_flux_njy"],
                "diff_flux_err_njy": points["diff_flux_err_njy"],
            }
        )
    joined = {
        name: np.concatenate([np.broadcast_to(one[name], 30) for one in curves])
        for name in curves[0]
    }
    found = FIT.curves(make_batch("ztf", [joined]), Context())
    assert [one.band for one in found] == ["g", "r"]
    peaks = [one.diff_flux_njy.max() for one in found]
    assert peaks[0] / peaks[1] == pytest.approx(1.5, rel=0.1)
