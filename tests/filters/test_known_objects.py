"""Known objects are tagged, and dropped only if told so."""

from pathlib import Path

import numpy as np
import pytest

from fink_ad.catalogs import CATALOGS, Catalog, Catalogs, read_positions
from fink_ad.errors import ConfigError
from fink_ad.features import Context
from fink_ad.filters import DROP, KEEP
from fink_ad.filters.known_objects import KnownObjects, KnownObjectsSettings
from fink_ad.testing import check_filter_provider, make_batch

CURVE = {"mjd_utc": 61000.0, "band": "g", "diff_flux_njy": 1e5, "diff_flux_err_njy": 1e4}
STARS = Catalog("stars", np.array([10.0, 0.0]), np.array([20.0, 0.0]), 2.0)
GALAXIES = Catalog("galaxies", np.array([10.0]), np.array([20.0]), 5.0)
CONTEXT = Context(tables={CATALOGS: Catalogs({"stars": STARS, "galaxies": GALAXIES})})


def alerts(ra, dec):
    return make_batch("ztf", [CURVE] * len(ra), ra_deg=np.array(ra), dec_deg=np.array(dec))


def judge(batch, context=CONTEXT, **settings):
    return KnownObjects(KnownObjectsSettings(**settings)).judge(batch, None, None, context)


NEAR = alerts([10.0, 10.0, 359.9999, 180.0, np.nan], [20.0, 20.001, 0.0, 0.0, 0.0])


def test_keeps_the_contract_with_and_without_catalogues():
    check_filter_provider(KnownObjects())
    check_filter_provider(KnownObjects(), CONTEXT)
    check_filter_provider(KnownObjects(KnownObjectsSettings(drop=("stars",))), CONTEXT)


def test_tags_and_separations():
    verdicts = judge(NEAR)
    assert (verdicts.verdict == KEEP).all()
    assert verdicts.tags["known:stars"].tolist() == [True, False, True, False, False]
    assert verdicts.tags["known:galaxies"].tolist() == [True, True, False, False, False]
    separation = verdicts.numbers["known:galaxies_arcsec"]
    np.testing.assert_allclose(separation, [0.0, 3.6, np.nan, np.nan, np.nan], atol=1e-6)
    np.testing.assert_allclose(verdicts.numbers["known:stars_arcsec"][2], 0.36, atol=1e-6)


def test_without_catalogues_nothing_is_known():
    verdicts = judge(NEAR, Context(), drop=("stars",))
    assert (verdicts.verdict == KEEP).all()
    assert (verdicts.tags, verdicts.numbers) == ({}, {})


def test_drops_if_told_so():
    verdicts = judge(NEAR, drop=("stars", "galaxies", "not there"))
    assert verdicts.verdict.tolist() == [DROP, DROP, DROP, KEEP, KEEP]
    expected = ["known:galaxies", "known:galaxies", "known:stars", "", ""]
    assert verdicts.reason.tolist() == expected
    assert verdicts.tags["known:stars"].tolist() == [True, False, True, False, False]


def test_settings_change_the_radius():
    verdicts = judge(NEAR, radius_arcsec={"stars": 0.1, "galaxies": 3.0})
    assert verdicts.tags["known:stars"].tolist() == [True, False, False, False, False]
    assert verdicts.tags["known:galaxies"].tolist() == [True, False, False, False, False]


def test_a_bad_radius_is_named():
    with pytest.raises(ConfigError, match=r"provider\.known_objects\.radius_arcsec\.stars is -1"):
        KnownObjectsSettings(radius_arcsec={"stars": -1.0})


@pytest.mark.real_data
def test_variables_the_broker_knows_are_in_the_catalogue(real_data: Path):
    """Alerts that SIMBAD calls RR Lyrae: some are GCVS stars, and most alerts are not."""
    from fink_ad.sources.files import FilesSource

    found = read_positions(real_data / "catalogs" / "gcvs.parquet")
    gcvs = Catalog("gcvs", found.ra_deg, found.dec_deg, 2.0)
    (batch,) = FilesSource([real_data / "ztf" / "ztf_20211122_67_simbad_tns_vsx.parquet"]).batches(
        {}
    )
    context = Context(tables={CATALOGS: Catalogs({"gcvs": gcvs})})
    tagged = judge(batch.surveys[0].alerts, context).tags["known:gcvs"]
    ra, dec = (batch.surveys[0].alerts.numbers(name) for name in ("ra_deg", "dec_deg"))
    cos = np.cos(np.radians(dec))[:, None]
    away = np.hypot((ra[:, None] - gcvs.ra_deg) * cos, dec[:, None] - gcvs.dec_deg) * 3600
    np.testing.assert_array_equal(tagged, away.min(axis=1) <= 2.0)
