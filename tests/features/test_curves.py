import numpy as np
import pytest

from fink_ad.alerts import BANDS, KINDS, Points
from fink_ad.features.curves import ARROW_FIELDS, clean_curves


def _clean(rows, counts=None, bands=("g", "r")):
    """Clean points given as (time, band, kind, id, m, sigma); m tells which point survived."""
    time, band, kind, point_id, m, sigma = zip(*rows, strict=True)
    columns = {
        "mjd_utc": np.array(time, float),
        "band": np.array([BANDS.index(name) for name in band], np.int8),
        "kind": np.array([KINDS.index(name) for name in kind], np.int8),
        "point_id": np.array(point_id),
    }
    offsets = np.concatenate(([0], np.cumsum(counts or [len(rows)]))).astype(np.int64)
    points = Points(offsets, columns)
    usable = points.of_kind("detection", "forced")
    return clean_curves(points, bands, np.array(m, float), np.array(sigma, float), usable)


def test_curves_are_alert_by_alert_and_band_by_band_with_times_from_their_first_point():
    curves = _clean(
        [
            (60000.0, "g", "detection", 1, 1, 1),
            (60002.0, "g", "detection", 2, 2, 1),
            (60001.0, "r", "detection", 3, 3, 1),
            (60009.0, "r", "detection", 4, 4, 1),
        ],
        counts=[3, 0, 1],
    )
    np.testing.assert_array_equal(curves.offsets, [0, 2, 3, 3, 3, 3, 4])
    np.testing.assert_array_equal(curves.t, [0, 2, 0, 0])
    np.testing.assert_array_equal(curves.filled(), [0, 1, 5])
    assert curves.to_arrow().to_pylist()[0] == [
        dict(zip(ARROW_FIELDS, (t, m, 1.0), strict=True)) for t, m in ((0.0, 1.0), (2.0, 2.0))
    ]


@pytest.mark.parametrize(
    "bad",
    [
        (60001.0, "g", "limit", 2, 2, 1),
        (60001.0, "i", "detection", 2, 2, 1),
        (np.nan, "g", "detection", 2, 2, 1),
        (60001.0, "g", "detection", 2, np.nan, 1),
        (60001.0, "g", "detection", 2, np.inf, 1),
        (60001.0, "g", "detection", 2, 2, np.nan),
        (60001.0, "g", "detection", 2, 2, np.inf),
        (60001.0, "g", "detection", 2, 2, 0),
        (60001.0, "g", "detection", 2, 2, -1),
    ],
)
def test_points_nobody_can_use_are_dropped(bad):
    good = [(60000.0, "g", "detection", 1, 1, 1), (60002.0, "g", "detection", 3, 3, 1)]
    np.testing.assert_array_equal(_clean([good[0], bad, good[1]]).m, [1, 3])


def test_of_points_at_one_time_a_detection_stays_then_the_lowest_id():
    curves = _clean(
        [
            (60000.0, "g", "forced", 1, 1, 1),
            (60000.0, "g", "detection", 9, 2, 1),
            (60000.0, "g", "detection", 8, 3, 1),
            (60001.0, "g", "forced", 5, 4, 1),
            (60001.0, "g", "forced", 4, 5, 1),
            (60001.0, "r", "forced", 6, 6, 1),
        ]
    )
    np.testing.assert_array_equal(curves.m, [3, 5, 6])


def test_unsorted_points_are_sorted():
    rows = [(60000.0 + day, "r", "detection", day, day, 1) for day in (3, 1, 2, 0)]
    np.testing.assert_array_equal(_clean(rows).m, [0, 1, 2, 3])
