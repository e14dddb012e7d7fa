"""Whatever a packet holds, the built-in providers neither fail nor warn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fink_ad.alerts import KINDS
from fink_ad.features import Context, Extractor
from fink_ad.features.context import AlertContext
from fink_ad.features.statistics import Statistics, StatisticsSettings
from fink_ad.testing import make_batch

PROVIDERS = [
    Statistics(StatisticsSettings(difference_flux=True)),
    Statistics(StatisticsSettings(mode="parity")),
    AlertContext(),
]

VALUES = st.sampled_from([np.nan, -1e12, -1e3, -1.0, 0.0, 1e-3, 1.0, 1e3, 1e12])
POINT = st.fixed_dictionaries(
    {
        "mjd_utc": st.sampled_from([60000.0, 60000.1, 60001.0, 60015.0, 61000.0]),
        "band": st.sampled_from("gri"),
        "kind": st.sampled_from(KINDS),
        "diff_flux_njy": VALUES,
        "diff_flux_err_njy": VALUES,
        "total_flux_njy": VALUES,
        "total_flux_err_njy": VALUES,
        "ref_flux_njy": VALUES,
        "ref_flux_err_njy": VALUES,
        "ref_sep_arcsec": VALUES,
        "limit_flux_njy": VALUES,
        "real_bogus": VALUES,
    }
)
LIGHT_CURVE = st.lists(POINT, min_size=1, max_size=6).map(
    lambda points: {name: [point[name] for point in points] for name in points[0]}
)


@pytest.mark.parametrize("provider", PROVIDERS, ids=["default", "parity", "context"])
@settings(max_examples=150, deadline=None)
@given(
    curves=st.lists(LIGHT_CURVE, min_size=1, max_size=3), survey=st.sampled_from(["ztf", "lsst"])
)
def test_odd_values_give_numbers_or_nan(provider, curves, survey):
    extraction = Extractor([provider]).extract(make_batch(survey, curves), Context())
    assert extraction.failures == {}
    assert not np.isinf(extraction.table.values).any()
