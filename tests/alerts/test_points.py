"""Ragged light curves: views, selections and the way to Arrow and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fink_ad.alerts import BANDS, KINDS, NO_POINT_ID, Points
from fink_ad.alerts.schema import POINT_FIELDS

counts = st.lists(st.integers(0, 6), max_size=12)


def make(lengths: list[int], seed: int = 0) -> Points:
    rng = np.random.default_rng(seed)
    n = sum(lengths)
    columns: dict[str, Any] = {field.name: rng.normal(size=n) for field in POINT_FIELDS}
    columns["band"] = rng.integers(0, len(BANDS), n).astype(np.int8)
    columns["kind"] = rng.integers(0, len(KINDS), n).astype(np.int8)
    columns["flags"] = rng.integers(0, 9, n)
    columns["point_id"] = np.where(rng.random(n) < 0.3, NO_POINT_ID, rng.integers(0, 2**62, n))
    columns["total_flux_njy"][rng.random(n) < 0.3] = np.nan
    return Points(np.concatenate(([0], np.cumsum(lengths))).astype(np.int64), columns)


def same(one: Points, other: Points) -> bool:
    return np.array_equal(one.offsets, other.offsets) and all(
        np.array_equal(one[f.name], other[f.name], equal_nan=one[f.name].dtype.kind == "f")
        for f in POINT_FIELDS
    )


@given(counts, st.integers(0, 99))
def test_arrow_round_trip(lengths: list[int], seed: int) -> None:
    points = make(lengths, seed)
    assert same(Points.from_arrow(points.to_arrow()), points)


@given(counts, st.data())
def test_slice_of_an_arrow_column_is_a_slice_of_the_alerts(
    lengths: list[int], data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(lengths)))
    stop = data.draw(st.integers(start, len(lengths)))
    points = make(lengths)
    part = Points.from_arrow(points.to_arrow().slice(start, stop - start))
    low, high = int(points.offsets[start]), int(points.offsets[stop])
    assert part.counts.tolist() == lengths[start:stop]
    assert np.array_equal(part["mjd_utc"], points["mjd_utc"][low:high])
    assert np.array_equal(part["point_id"], points["point_id"][low:high])


@given(counts, st.integers(0, 99))
def test_selection_keeps_alerts_and_order(lengths: list[int], seed: int) -> None:
    points = make(lengths, seed)
    mask = np.random.default_rng(seed).random(len(points)) < 0.5
    kept = points.select(mask)
    assert np.array_equal(kept["mjd_utc"], points["mjd_utc"][mask])
    assert np.array_equal(kept.alert, points.alert[mask])
    assert len(kept.counts) == len(lengths)


@given(counts)
def test_alert_of_each_point(lengths: list[int]) -> None:
    points = make(lengths)
    assert points.alert.tolist() == [i for i, n in enumerate(lengths) for _ in range(n)]
    assert points.counts.tolist() == lengths
    assert len(points) == sum(lengths)


def test_bands_and_kinds_partition_the_points() -> None:
    points = make([40, 0, 13])
    assert sum(int(points.in_band(band).sum()) for band in BANDS) == len(points)
    assert sum(int(points.of_kind(kind).sum()) for kind in KINDS) == len(points)
    both = points.of_kind("detection", "forced")
    assert np.array_equal(both, ~points.of_kind("limit"))


def test_unknown_band_is_an_error() -> None:
    with pytest.raises(ValueError, match="tuple"):
        make([3]).in_band("V")


def test_ids_beyond_two_to_the_53_are_exact() -> None:
    points = make([2])
    ids = np.array([2**63 - 1, 170094456272322681])
    points = Points(points.offsets, {**points.columns, "point_id": ids})
    column = points.to_arrow()
    assert column.values.field("point_id").to_pylist() == ids.tolist()
    assert Points.from_arrow(column)["point_id"].tolist() == ids.tolist()


def test_missing_id_is_null_in_arrow() -> None:
    points = make([1])
    points = Points(points.offsets, {**points.columns, "point_id": np.array([NO_POINT_ID])})
    assert points.to_arrow().values.field("point_id").to_pylist() == [None]
    assert isinstance(points.to_arrow(), pa.ListArray)
