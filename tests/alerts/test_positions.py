"""Galactic coordinates against astropy."""

import numpy as np
import pytest

from fink_ad.alerts.positions import galactic


def test_positions_agree_with_astropy() -> None:
    coordinates = pytest.importorskip("astropy.coordinates")
    draws = np.random.default_rng(1)
    ra = np.append(draws.uniform(0, 360, 500), [0.0, 192.85948, 266.4051, 123.0, 17.0])
    dec = np.append(np.degrees(np.arcsin(draws.uniform(-1, 1, 500))), [0, 27.12825, -28.9362, 90])
    dec = np.append(dec, -90.0)
    theirs = coordinates.SkyCoord(ra, dec, unit="deg").galactic
    longitude, latitude = galactic(ra, dec)
    around = (longitude - theirs.l.deg + 180) % 360 - 180
    # Hipparcos and astropy round the position of the Galactic frame by a few milliarcseconds.
    assert np.abs(around * np.cos(np.radians(latitude))).max() * 3600 < 0.1
    assert np.abs(latitude - theirs.b.deg).max() * 3600 < 0.1
    assert ((longitude >= 0) & (longitude < 360)).all()


def test_what_has_no_position_has_no_galactic_one() -> None:
    longitude, latitude = galactic([np.nan, 10.0, np.inf], [0.0, np.nan, 0.0])
    assert np.isnan(longitude).all()
    assert np.isnan(latitude).all()
