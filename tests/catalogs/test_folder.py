"""Catalogues in the home folder: private, whole, and checked."""

import stat
from pathlib import Path

import numpy as np
import pytest

from fink_ad.catalogs import Catalog, CatalogFolder
from fink_ad.errors import ConfigError, StoreError

STARS = Catalog("stars", np.array([10.0, 20.0]), np.array([-5.0, 5.0]), 2.0)


def test_comes_back_as_it_went(tmp_path: Path):
    folder = CatalogFolder(tmp_path)
    assert folder.names() == ()
    assert len(folder.load_all()) == 0
    path = folder.add(STARS)
    found = folder.load("stars")
    assert found.content_hash == STARS.content_hash
    assert (found.radius_arcsec, found.ra_deg.tolist()) == (2.0, [10.0, 20.0])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert folder.load_all()["stars"].content_hash == STARS.content_hash


def test_the_same_catalogue_is_the_same_file(tmp_path: Path):
    first = CatalogFolder(tmp_path / "a").add(STARS).read_bytes()
    assert CatalogFolder(tmp_path / "b").add(STARS).read_bytes() == first


def test_is_replaced_and_removed(tmp_path: Path):
    folder = CatalogFolder(tmp_path)
    folder.add(STARS)
    folder.add(Catalog("stars", np.array([1.0]), np.array([2.0])))
    assert len(folder.load("stars")) == 1
    assert len(list((tmp_path / "catalogs").iterdir())) == 1
    folder.remove("stars")
    assert folder.names() == ()
    for ask in (folder.remove, folder.load):
        with pytest.raises(StoreError, match="no catalogue 'stars'; there are: none"):
            ask("stars")


@pytest.mark.parametrize("name", ["../stars", "/etc/passwd", ".stars"])
def test_names_stay_in_the_folder(tmp_path: Path, name):
    for ask in (CatalogFolder(tmp_path).load, CatalogFolder(tmp_path).remove):
        with pytest.raises(ConfigError, match="is no name"):
            ask(name)


def test_damage_is_told_with_the_way_out(tmp_path: Path):
    folder = CatalogFolder(tmp_path)
    path = folder.add(STARS)
    whole = path.read_bytes()
    other = folder.add(Catalog("stars", np.array([10.0, 21.0]), np.array([-5.0, 5.0]), 2.0))
    changed = other.read_bytes().replace(np.float64(21.0).tobytes(), np.float64(20.5).tobytes())
    for content in (b"", whole[:100], b"nonsense" * 50, changed):
        path.write_bytes(content)
        with pytest.raises(StoreError, match="damaged: .* 'fink-ad catalogs remove stars'"):
            folder.load("stars")


def test_a_folder_that_cannot_be_written(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="choose another folder with --home"):
        CatalogFolder(tmp_path / "file").add(STARS)
