"""The map of the sky keeps areas, and its lines lie where astropy has them."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord

from fink_ad.review.skymap import ecliptic, galactic_plane, mollweide


def test_the_middle_the_rim_and_the_poles() -> None:
    x, y = mollweide([180.0, 0.0, 359.999, 10.0, 10.0], [0.0, 0.0, 0.0, 90.0, -90.0])
    np.testing.assert_allclose(x, [0, 2, -2, 0, 0], atol=1e-4)
    np.testing.assert_allclose(y, [0, 0, 0, 1, -1], atol=1e-4)


def test_areas_are_kept() -> None:
    rng = np.random.default_rng(1)
    dec = np.degrees(np.arcsin(rng.uniform(-1, 1, 40_000)))
    x, y = mollweide(rng.uniform(0, 360, 40_000), dec)
    assert ((x / 2) ** 2 + y**2 <= 1 + 1e-6).all()
    inside = ((x / 2) ** 2 + y**2 <= 0.25).mean()  # a quarter of the ellipse's area
    assert inside == pytest.approx(0.25, abs=0.01)


def test_the_lines_are_where_they_should_be() -> None:
    ra, dec = ecliptic()
    b = SkyCoord(ra * u.deg, dec * u.deg).barycentricmeanecliptic.lat.deg
    assert np.abs(b).max() < 0.001
    ra, dec = galactic_plane()
    assert np.abs(SkyCoord(ra * u.deg, dec * u.deg).galactic.b.deg).max() < 1e-4
    assert (np.diff(ra) > 0).all()
