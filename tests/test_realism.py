"""The realism check sees differences where there are some, and none where there are none."""

import numpy as np
import pytest

from benchmarks.realism.classifier import distances, like, tell_apart
from benchmarks.realism.samples import Sample, simulated


@pytest.fixture(scope="module")
def sky():
    return simulated("ztf", 360)


def test_halves_of_a_sky_are_alike_until_one_is_shifted(sky):
    columns = ["context.snr", "context.fwhm", "context.reference_sep"]
    rows = np.random.default_rng(1).permutation(len(sky))
    half, other = sky.take(rows[::2]), sky.take(rows[1::2])
    assert tell_apart(half, other, columns).auc == pytest.approx(0.5, abs=0.12)
    values = other.table.values.copy()
    values[:, other.table.schema.names.index("context.fwhm")] += 20.0
    shifted = Sample(other.alerts, type(other.table)(other.table.schema, values))
    verdict = tell_apart(half, shifted, columns, importance=True)
    assert verdict.auc > 0.99
    assert max(verdict.importance, key=verdict.importance.get) == "context.fwhm"
    assert distances(half, shifted, columns)["context.fwhm"] == 1.0


def test_one_alert_per_object_without_bodies_or_bad_scores(sky):
    ids = sky.alerts.strings("object_id")
    assert len(set(ids)) == len(ids) > 150
    assert set(sky.alerts.strings("designation")) == {None}
    assert not (sky.feature("real_bogus") < 0.5).any()


def test_the_mix_follows_the_model(sky):
    stars = np.flatnonzero((sky.feature("n_det") >= 16) & (sky.feature("star_galaxy") > 0.5))
    stars = stars[sky.feature("reference_sep")[stars] < 1.5]
    alike = like(sky.take(stars[:5]), sky)
    assert 5 <= len(alike) <= 20
    assert (alike.feature("n_det") >= 16).all()
