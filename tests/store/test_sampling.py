"""Samples by hash: the same everywhere, even, and independent of each other."""

import numpy as np
import pytest

from fink_ad.store import in_random_share, reservoir_key, stable_hash

IDS = np.arange(100_000) + 170094456272322680


def test_the_hash_is_the_same_for_ever():
    ids = np.array([0, 1, -1, 170094456272322680])
    assert stable_hash("ztf", ids).tolist() == [
        13571154680999298515,
        2843956016197682582,
        7437121130471842514,
        17140768390786805901,
    ]


def test_different_ids_never_tie():
    assert len(np.unique(stable_hash("ztf", IDS))) == len(IDS)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 1.0])
def test_the_random_share_has_its_size(share):
    n = int(in_random_share("lsst", IDS, share).sum())
    sigma = np.sqrt(len(IDS) * share * (1 - share))
    assert abs(n - len(IDS) * share) <= 5 * sigma


def test_a_smaller_share_is_part_of_a_larger():
    small, large = (in_random_share("ztf", IDS, share) for share in (0.01, 0.02))
    assert not (small & ~large).any()


def test_samples_are_independent():
    """Surveys among each other, and the random share of the reservoir."""
    ztf, lsst = (in_random_share(survey, IDS, 0.5) for survey in ("ztf", "lsst"))
    low = reservoir_key("ztf", IDS) < 2**62
    for one, other in ((ztf, lsst), (ztf, low)):
        assert abs((one == other).mean() - 0.5) < 0.01


def test_keys_fit_a_signed_column():
    keys = reservoir_key("ztf", IDS)
    assert keys.dtype == np.int64
    assert keys.min() >= 0
