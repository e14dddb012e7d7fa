"""Bodies compete among themselves; what rests on the sky stays with the transients."""

import numpy as np
import pytest

from fink_ad.alerts import POPULATIONS, AlertBatch
from fink_ad.errors import ConfigError
from fink_ad.features import Context
from fink_ad.filters import KEEP
from fink_ad.filters.solar_system import SolarSystem, SolarSystemSettings
from fink_ad.testing import check_filter_provider, make_batch

NOW = 61000.0


def curve(*days_before, kind="detection"):
    times = [NOW - days for days in (*days_before, 0.0)]
    kinds = [kind] * len(days_before) + ["detection"]
    return {
        "mjd_utc": times,
        "band": "g",
        "kind": kinds,
        "diff_flux_njy": 1e5,
        "diff_flux_err_njy": 1e4,
    }


def routed(survey, curves, population="transient", settings=None, **columns):
    batch = make_batch(survey, curves, population, mjd_utc=[NOW] * len(curves), **columns)
    verdicts = SolarSystem(settings).judge(batch, None, None, Context())
    assert (verdicts.verdict == KEEP).all()
    return [POPULATIONS[code] for code in verdicts.population], verdicts


def test_keeps_the_contract():
    check_filter_provider(SolarSystem())


def test_ztf_bodies_by_distance_and_name():
    found, _ = routed(
        "ztf",
        [curve()] * 6,
        solar_system_sep_arcsec=[0.0, 5.0, 5.1, -999.0, np.nan, 1.0],
        designation=["8467", "2005 XM12", "1", "1", "1", None],
    )
    assert found == ["solar_system"] * 2 + ["transient"] * 4


def test_a_place_that_was_seen_before_rests():
    near = {"solar_system_sep_arcsec": [1.0] * 4, "designation": ["8467"] * 4}
    curves = [curve(), curve(0.03), curve(2.0), curve(2.0, kind="limit")]
    found, verdicts = routed("ztf", curves, **near)
    assert found == ["solar_system", "solar_system", "transient", "solar_system"]
    assert verdicts.tags["near_solar_system_body"].tolist() == [False, False, True, False]


def test_settings_change_the_radius():
    found, _ = routed(
        "ztf",
        [curve()] * 2,
        settings=SolarSystemSettings(radius_arcsec=0.5),
        solar_system_sep_arcsec=[0.4, 0.6],
        designation=["1", "2"],
    )
    assert found == ["solar_system", "transient"]


def test_a_claim_of_the_packet_does_not_outlast_the_rule():
    found, _ = routed("ztf", [curve()], population="solar_system")
    assert found == ["transient"]


@pytest.mark.parametrize("population", POPULATIONS)
def test_other_surveys_say_it_themselves(population):
    found, _ = routed("lsst", [curve(3.0)] * 2, population=population)
    assert found == [population] * 2


def test_no_alerts():
    verdicts = SolarSystem().judge(AlertBatch.empty(), None, None, Context())
    assert len(verdicts.population) == 0


@pytest.mark.parametrize("name", ["radius_arcsec", "rest_days"])
def test_bad_settings_are_named(name):
    for value in (-1.0, np.nan):
        with pytest.raises(ConfigError, match=rf"provider\.solar_system\.{name}"):
            SolarSystemSettings(**{name: value})
