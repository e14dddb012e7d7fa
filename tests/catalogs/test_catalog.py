"""Matching on the sphere: against great circles worked out pair by pair, and at its seams."""

import subprocess
import sys
from multiprocessing.reduction import ForkingPickler

import numpy as np
import pytest

from fink_ad.catalogs import Catalog, Catalogs
from fink_ad.errors import ConfigError


def catalog(ra, dec, radius=1.5, name="stars"):
    return Catalog(name, np.array(ra, float), np.array(dec, float), radius)


def separations_arcsec(ra1, dec1, ra2, dec2):
    """Haversine formula, every position against every entry."""
    ra1, dec1, ra2, dec2 = map(np.radians, (ra1, dec1, ra2, dec2))
    across = np.sin((ra1[:, None] - ra2) / 2) ** 2
    h = np.sin((dec1[:, None] - dec2) / 2) ** 2 + np.cos(dec1)[:, None] * np.cos(dec2) * across
    return np.degrees(2 * np.arcsin(np.sqrt(h))) * 3600


def test_equals_the_great_circles_of_all_pairs():
    rng = np.random.default_rng(1)
    ra = np.concatenate((rng.uniform(0, 0.1, 100), rng.uniform(359.9, 360, 100)))
    dec = rng.uniform(-0.1, 0.1, 200)
    there = catalog(ra[:80], dec[:80], radius=60.0)
    found = there.match(ra, dec)
    all_pairs = separations_arcsec(ra, dec, there.ra_deg, there.dec_deg)
    near = all_pairs.min(axis=1) <= 60.0
    assert 80 < near.sum() < 200
    np.testing.assert_array_equal(found.found, near)
    np.testing.assert_array_equal(found.row[near], all_pairs.argmin(axis=1)[near])
    np.testing.assert_allclose(
        found.separation_arcsec[near], all_pairs.min(axis=1)[near], rtol=1e-7, atol=1e-6
    )
    assert np.isnan(found.separation_arcsec[~near]).all()


@pytest.mark.parametrize(
    ("entry", "position", "separation"),
    [
        ((359.9999, 10.0), (0.0001, 10.0), 0.72 * np.cos(np.radians(10))),
        ((0.0, 0.0), (360.0, 0.0), 0.0),
        ((12.0, 89.9999), (192.0, 89.9999), 0.72),
        ((12.0, -89.9999), (192.0, -89.9999), 0.72),
        ((123.0, 90.0), (321.0, 90.0), 0.0),
        ((200.0, 45.0), (200.0, 45.0 + 1.4 / 3600), 1.4),
    ],
)
def test_across_ra_0_and_the_poles(entry, position, separation):
    found = catalog([entry[0]], [entry[1]]).match(np.array([position[0]]), np.array([position[1]]))
    assert found.row.tolist() == [0]
    np.testing.assert_allclose(found.separation_arcsec, [separation], atol=1e-6)


def test_the_radius_and_not_more():
    there = catalog([200.0], [45.0])
    dec = np.array([45.0 + 1.499 / 3600, 45.0 + 1.501 / 3600])
    assert there.match(np.full(2, 200.0), dec).found.tolist() == [True, False]
    assert there.match(np.full(2, 200.0), dec, radius_arcsec=2.0).found.all()
    assert not there.match(np.full(2, 200.0), dec, radius_arcsec=1.0).found.any()


def test_positions_that_are_none_match_nothing():
    there = catalog([0.0], [0.0])
    found = there.match(np.array([np.nan, 0.0, np.inf, 0.0]), np.array([0.0, np.nan, 0.0, 0.0]))
    assert found.row.tolist() == [-1, -1, -1, 0]
    assert len(there.match(np.empty(0), np.empty(0)).row) == 0
    assert not catalog([], []).match(np.zeros(2), np.zeros(2)).found.any()


def test_another_process_finds_the_same():
    rng = np.random.default_rng(2)
    there = catalog(rng.uniform(0, 360, 500), rng.uniform(-90, 90, 500), 600.0)
    ra, dec = rng.uniform(0, 360, 2000), rng.uniform(-90, 90, 2000)
    here = there.match(ra, dec)
    assert here.found.any()
    sent = ForkingPickler.dumps((Catalogs({"stars": there}), ra, dec))
    assert len(sent) < 60_000  # without the tree
    code = (
        "import sys, pickle; tables, ra, dec = pickle.load(sys.stdin.buffer);"
        "print(tables.content_hash, tables['stars'].match(ra, dec).row.sum())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=bytes(sent), capture_output=True, check=True
    )
    expected = f"{Catalogs({'stars': there}).content_hash} {here.row.sum()}"
    assert done.stdout.decode().strip() == expected


def test_the_hash_tells_name_radius_and_positions():
    variants = [
        catalog([1.0], [2.0]),
        catalog([2.0], [1.0]),
        catalog([1.0], [2.0], 1.6),
        catalog([1.0], [2.0], name="galaxies"),
        catalog([1.0, 2.0], []),
    ]
    assert len({one.content_hash for one in variants}) == len(variants)
    assert catalog([1.0], [2.0]).content_hash == variants[0].content_hash
    swapped = Catalogs({"b": variants[3], "a": variants[0]})
    assert swapped.content_hash == Catalogs({"a": variants[0], "b": variants[3]}).content_hash
    assert list(swapped) == ["a", "b"]


@pytest.mark.parametrize("name", ["", "GCVS", "a b", "../evil", ".hidden", "x" * 65, "a\n", "é"])
def test_names_that_do_not_fit(name):
    with pytest.raises(ConfigError, match="catalogue name"):
        catalog([1.0], [2.0], name=name)


@pytest.mark.parametrize("radius", [0.0, -1.0, np.nan, np.inf, 3601.0])
def test_radii_that_do_not_fit(radius):
    with pytest.raises(ConfigError, match="radius of catalogue 'stars'"):
        catalog([1.0], [2.0], radius=radius)
