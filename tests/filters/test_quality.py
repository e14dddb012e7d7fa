"""Only plain artefacts are dropped, each for one stated reason."""

import dataclasses

import numpy as np
import pytest

from fink_ad.alerts import AlertBatch
from fink_ad.alerts.packets import PointFlag
from fink_ad.errors import ConfigError
from fink_ad.features import Context
from fink_ad.filters import DROP, KEEP
from fink_ad.filters.quality import Quality, QualitySettings
from fink_ad.testing import check_filter_provider, make_batch


def batch_of(**columns):
    n_alerts = len(next(iter(columns.values())))
    point = {"mjd_utc": 61000.0, "band": "g", "diff_flux_njy": 1e5, "diff_flux_err_njy": 1e4}
    clean = {"real_bogus": 0.9, "bad_pixels": 0.0, "edge_px": 300.0, "flags": 0}
    filled = {name: [value] * n_alerts for name, value in clean.items()} | columns
    return make_batch("ztf", [point] * n_alerts, **filled)


def reasons(batch, **settings):
    verdicts = Quality(QualitySettings(**settings)).judge(batch, None, None, Context())
    assert ((verdicts.verdict == DROP) == (verdicts.reason != "")).all()
    assert np.isin(verdicts.verdict, [KEEP, DROP]).all()
    return verdicts.reason.tolist()


def test_keeps_the_contract():
    check_filter_provider(Quality())


def test_each_fault_has_its_reason():
    assert reasons(batch_of(real_bogus=[0.05, 0.1, 0.5, np.nan])) == ["low_real_bogus", "", "", ""]
    assert reasons(batch_of(bad_pixels=[4.0, 5.0, np.nan])) == ["", "bad_pixels", ""]
    assert reasons(batch_of(edge_px=[4.9, 5.0, np.nan])) == ["edge", "", ""]


def test_flags_drop_by_name():
    flags = [0, PointFlag.INJECTED, PointFlag.WITHDRAWN | PointFlag.DIPOLE, PointFlag.DIPOLE]
    batch = batch_of(flags=[int(flag) for flag in flags])
    assert reasons(batch) == ["", "injected", "withdrawn", ""]
    assert reasons(batch, drop_flags=()) == [""] * 4
    assert reasons(batch, drop_flags=("DIPOLE",)) == ["", "", "dipole", "dipole"]


def test_flags_that_are_missing_drop_nothing():
    batch = batch_of(flags=[None, int(PointFlag.WITHDRAWN)])
    assert reasons(batch) == ["", "withdrawn"]


def test_doubtful_times_and_signs_are_tagged_and_stay():
    flags = [None, PointFlag.TIME_DISAGREES, PointFlag.SIGN_UNKNOWN, PointFlag.DIPOLE]
    batch = batch_of(flags=[None if flag is None else int(flag) for flag in flags])
    verdicts = Quality().judge(batch, None, None, Context())
    assert verdicts.tags["time_disagrees_with_pid"].tolist() == [False, True, False, False]
    assert verdicts.tags["sign_unknown"].tolist() == [False, False, True, False]
    assert (verdicts.verdict == KEEP).all()


def test_the_first_reason_counts():
    flags = [int(PointFlag.WITHDRAWN)] * 3
    batch = batch_of(
        real_bogus=[0.0, 0.9, 0.9], bad_pixels=[9.0, 9.0, 0.0], edge_px=[0.0] * 3, flags=flags
    )
    assert reasons(batch) == ["low_real_bogus", "bad_pixels", "edge"]


def test_thresholds_can_be_opened():
    batch = batch_of(real_bogus=[0.0], bad_pixels=[25.0], edge_px=[0.0])
    assert reasons(batch, real_bogus_floor=0, max_bad_pixels=np.inf, min_edge_px=-1) == [""]


def test_no_alerts():
    verdicts = Quality().judge(AlertBatch.empty(), None, None, Context())
    assert len(verdicts.verdict) == len(verdicts.reason) == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("real_bogus_floor", 1.5),
        ("real_bogus_floor", np.nan),
        ("max_bad_pixels", -1.0),
        ("min_edge_px", np.nan),
        ("drop_flags", ("DIPOL",)),
    ],
)
def test_bad_settings_are_named(name, value):
    with pytest.raises(ConfigError, match=rf"provider\.quality\.{name}"):
        QualitySettings(**{name: value})


def test_settings_are_immutable():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Quality().settings.real_bogus_floor = 0.5
