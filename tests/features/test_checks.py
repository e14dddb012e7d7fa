import numpy as np
import pytest

from fink_ad.errors import ProviderError
from fink_ad.features import Context, FeatureColumn
from fink_ad.features.context import AlertContext
from fink_ad.features.statistics import Statistics, StatisticsSettings
from fink_ad.filters import DROP, PROMOTE, Verdicts
from fink_ad.testing import (
    check_feature_provider,
    check_filter_provider,
    make_batch,
    sample_batch,
)


class Snr:
    """A provider as an author would write it."""

    name = "snr"
    version = "1"
    requires: tuple[str, ...] = ()

    def columns(self, survey, population):
        return (FeatureColumn("snr.value", "", "snr", "signal-to-noise ratio"),)

    def applies_to(self, batch, context):
        return np.ones(len(batch), bool)

    def extract(self, batch, context):
        ratio = batch.numbers("diff_flux_njy") / batch.numbers("diff_flux_err_njy")
        return ratio[:, np.newaxis]


class Bright:
    """A filter as an author would write it."""

    name = "bright"
    version = "1"
    requires: tuple[str, ...] = ()
    stage = "after_scoring"

    def judge(self, batch, features, scores, context):
        bright = np.nan_to_num(features.select(["context.snr"])[:, 0]) > 20
        return Verdicts(
            verdict=np.where(bright, PROMOTE, 0).astype(np.int8),
            reason=np.where(bright, "bright", "").astype(object),
            tags={"bright": bright},
            numbers={"score": scores},
        )


@pytest.mark.parametrize(
    "provider",
    [
        Snr(),
        AlertContext(),
        Statistics(),
        Statistics(StatisticsSettings("parity")),
        Statistics(StatisticsSettings(difference_flux=True)),
    ],
)
def test_providers_that_keep_the_contract_pass(provider):
    check_feature_provider(provider)


def test_a_filter_that_keeps_the_contract_passes():
    check_filter_provider(Bright())


def _counting(self, batch, context):
    self.calls = getattr(self, "calls", 0) + 1
    return np.full((len(batch), 1), float(self.calls))


def _batch_mean(self, batch, context):
    return np.full((len(batch), 1), np.nanmean(np.append(batch.numbers("ra_deg"), 0.0)))


def _needs_points(self, batch, context):
    first = batch.points["mjd_utc"][batch.points.offsets[:-1]]
    return first[:, np.newaxis]


def _shifts_times(self, batch, context):
    batch.points.columns["mjd_utc"] = batch.points["mjd_utc"] - 1
    return np.zeros((len(batch), 1))


@pytest.mark.parametrize(
    ("member", "value", "message"),
    [
        ("extract", _counting, "other values on the second call"),
        ("extract", _batch_mean, "alone has other values"),
        ("extract", _needs_points, "IndexError"),
        ("extract", _shifts_times, "the batch was changed"),
        ("extract", lambda s, b, c: np.zeros(len(b)), "shape"),
        ("extract", lambda s, b, c: np.zeros((len(b), 1), np.float32), "float32"),
        ("extract", lambda s, b, c: np.full((len(b), 1), np.inf), "infinite"),
        ("applies_to", lambda s, b, c: np.ones(len(b)), "applies_to is float64"),
        ("columns", lambda s, v, p: (FeatureColumn("x", "", "g", "m"),), "must begin with 'snr.'"),
        ("columns", lambda s, v, p: (FeatureColumn("snr.x", "", "", "m"),), "no group"),
        ("columns", lambda s, v, p: (FeatureColumn("snr.x", "", "g", "m"),) * 2, "declared twice"),
        ("columns", lambda s, v, p: {"ztf": (), "lsst": ()}[v], "KeyError"),
        ("name", "", "not a word"),
        ("requires", ("catalogue",), "requires the table 'catalogue'"),
        ("secret", property(lambda s: 1), None),
    ],
)
def test_a_breach_is_named(member, value, message):
    provider = type("Breach", (Snr,), {member: value})()
    # A class made here cannot be found by another process; the built-in ones can.
    globals()["Breach"] = type(provider)
    type(provider).__module__, type(provider).__qualname__ = __name__, "Breach"
    if message is None:
        check_feature_provider(provider)
        return
    with pytest.raises(ProviderError, match=message):
        check_feature_provider(provider)


def test_something_else_is_no_provider():
    with pytest.raises(ProviderError, match=r"int is no FeatureProvider: it has no .*extract"):
        check_feature_provider(3)


def test_a_provider_that_cannot_travel_is_named():
    provider = Snr()
    provider.lock = lambda: None
    with pytest.raises(ProviderError, match="cannot be sent to another process"):
        check_feature_provider(provider)


@pytest.mark.parametrize(
    ("verdicts", "message"),
    [
        (lambda n: None, "NoneType instead of Verdicts"),
        (lambda n: Verdicts(np.zeros(n), np.full(n, "", object)), "verdict is float64"),
        (lambda n: Verdicts(np.full(n, DROP, np.int8), np.full(n, "", object)), "has the reason"),
        (lambda n: Verdicts(np.full(n, 7, np.int8), np.full(n, "x", object)), "none of KEEP"),
        (
            lambda n: Verdicts(np.zeros(n, np.int8), np.full(n, "", object), {"t": np.zeros(n)}),
            "tag 't'",
        ),
    ],
)
def test_a_breach_of_a_filter_is_named(verdicts, message):
    class Breach(Bright):
        def judge(self, batch, features, scores, context):
            return verdicts(len(batch))

    globals()["Breach"] = Breach
    Breach.__qualname__ = "Breach"
    with pytest.raises(ProviderError, match=message):
        check_filter_provider(Breach())


def test_sample_batches_repeat_themselves():
    first, again, other = (sample_batch("lsst", 4, seed=seed).record_batch for seed in (3, 3, 4))
    assert first.serialize() == again.serialize()
    assert first.serialize() != other.serialize()


def test_sample_alerts_are_their_last_detection():
    batch = sample_batch("ztf", 50)
    points = batch.points
    assert (points.counts == 25).all()
    for row in range(len(batch)):
        own = (points.alert == row) & points.of_kind("detection")
        assert batch.numbers("mjd_utc")[row] == points["mjd_utc"][own].max()


def test_ids_of_hand_made_points_are_exact():
    ids = [2**62 + 1, 2**62 + 2]
    curve = {
        "mjd_utc": [1.0, 2.0],
        "band": "r",
        "diff_flux_njy": 1.0,
        "diff_flux_err_njy": 1.0,
        "point_id": ids,
    }
    batch = make_batch("lsst", [curve])
    assert batch.points["point_id"].tolist() == ids
    assert Context().tables == {}
