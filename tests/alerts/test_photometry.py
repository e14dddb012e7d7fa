"""Fluxes and magnitudes against values worked by hand, and their laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fink_ad.alerts.photometry import (
    COINCIDENCE_ARCSEC,
    asinh_mag,
    flux_to_mag,
    mag_to_flux,
    signed_difference_flux,
    softening_njy,
    total_flux,
)
from fink_ad.alerts.schema import BANDS

mags = st.floats(8.0, 28.0)
fluxes = st.floats(-1e9, 1e9)
errors = st.floats(1e-3, 1e6)


def test_magnitude_zero_is_3631_jansky() -> None:
    flux, _ = mag_to_flux(0.0)
    assert flux == pytest.approx(3631e9, rel=1e-4)


def test_magnitude_of_one_nanojansky() -> None:
    assert flux_to_mag(1.0)[0] == pytest.approx(31.4, abs=1e-12)


def test_flux_and_error_worked_by_hand() -> None:
    # m = 18.9 is 12.5 magnitudes above the zero point: 10^5 nJy; 0.1 mag is 9.2103 %.
    flux, error = mag_to_flux(18.9, 0.1)
    assert flux == pytest.approx(1e5, rel=1e-12)
    assert error == pytest.approx(9210.34, rel=1e-6)


@pytest.mark.parametrize("flux", [0.0, -5.0, np.nan])
def test_no_magnitude_without_positive_flux(flux: float) -> None:
    assert np.isnan(flux_to_mag(flux, 1.0)).all()


@given(mags, st.floats(1e-4, 1.0))
def test_magnitudes_survive_a_round_trip(mag: float, error: float) -> None:
    back, back_error = flux_to_mag(*mag_to_flux(mag, error))
    assert back == pytest.approx(mag, abs=1e-9)
    assert back_error == pytest.approx(error, rel=1e-9)


def test_absurd_magnitude_is_infinite_and_silent() -> None:
    assert np.isinf(mag_to_flux(-9999.0)[0])


def test_negative_subtraction_has_negative_flux() -> None:
    flux, error = signed_difference_flux([18.9, 18.9], [0.1, 0.1], [True, False])
    assert flux == pytest.approx([1e5, -1e5])
    assert error == pytest.approx([9210.34, 9210.34], rel=1e-6)


def test_total_flux_worked_by_hand() -> None:
    total, error = total_flux([300.0], [3.0], [1000.0], [4.0], [0.5])
    assert total == pytest.approx([1300.0])
    assert error == pytest.approx([5.0])


def test_source_fading_below_its_reference_keeps_its_sign() -> None:
    total, _ = total_flux([-1200.0], [3.0], [1000.0], [4.0], [0.5])
    assert total == pytest.approx([-200.0])


@pytest.mark.parametrize("separation", [COINCIDENCE_ARCSEC + 1e-9, np.nan, 30.0])
def test_reference_elsewhere_does_not_count(separation: float) -> None:
    total, error = total_flux([-300.0], [3.0], [1000.0], [4.0], [separation])
    assert (total[0], error[0]) == (-300.0, 3.0)


def test_reference_at_the_edge_counts() -> None:
    assert total_flux([1.0], [1.0], [10.0], [1.0], [COINCIDENCE_ARCSEC])[0] == pytest.approx([11.0])


def test_reference_without_flux_does_not_count() -> None:
    assert total_flux([5.0], [1.0], [np.nan], [np.nan], [0.1])[0] == pytest.approx([5.0])


def test_unknown_reference_error_makes_the_error_unknown() -> None:
    assert np.isnan(total_flux([5.0], [1.0], [7.0], [np.nan], [0.1])[1]).all()


@given(mags)
def test_asinh_magnitude_is_the_magnitude_of_bright_sources(mag: float) -> None:
    flux, error = mag_to_flux(mag, 0.01)
    result, result_error = asinh_mag(flux, error, flux / 1000.0)
    assert result == pytest.approx(mag, abs=2e-6)
    assert result_error == pytest.approx(0.01, rel=1e-5)


def test_asinh_magnitude_at_zero_flux() -> None:
    # m(0) = 31.4 - 2.5 lg b; the error is 2.5 / ln 10 * s / 2b.
    mag, error = asinh_mag(0.0, 200.0, 1000.0)
    assert mag == pytest.approx(31.4 - 7.5, abs=1e-12)
    assert error == pytest.approx(0.108573620, rel=1e-8)


@given(fluxes, errors, st.floats(1.0, 1e5))
def test_asinh_magnitude_is_finite_and_odd_about_zero(
    flux: float, error: float, softening: float
) -> None:
    mag, mag_error = asinh_mag([flux, -flux], error, softening)
    zero = asinh_mag(0.0, error, softening)[0]
    assert np.isfinite(mag).all()
    assert mag[0] - zero == pytest.approx(zero - mag[1], abs=1e-9)
    assert mag_error[0] == pytest.approx(mag_error[1])
    assert (mag_error > 0).all()


@given(fluxes, st.floats(1.0, 1e6), st.floats(1.0, 1e5))
def test_brighter_is_smaller(flux: float, step: float, softening: float) -> None:
    mag, _ = asinh_mag([flux, flux + step], 1.0, softening)
    assert mag[1] < mag[0] or step < 1e-6 * abs(flux)


def test_softening_is_about_one_sigma_of_the_faintest_sources() -> None:
    # ZTF r: 5 sigma at 20.6, that is 20 893 nJy; b = 1.042 sigma.
    softening = softening_njy("ztf")
    assert softening[BANDS.index("r")] == pytest.approx(1.0420 * 20893.0 / 5.0, rel=1e-3)
    assert np.isnan(softening[BANDS.index("y")])
    assert np.isfinite(softening_njy("lsst")).all()
    assert np.array_equal(softening_njy("lsst"), softening_njy("elasticc"))
