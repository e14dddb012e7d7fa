"""AlertBatch: building, conforming, taking, joining, storing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from fink_ad.alerts import ALERT_SCHEMA, POPULATIONS, AlertBatch
from fink_ad.errors import SourceError

Maker = Callable[..., object]


@pytest.fixture
def batch(mapped: Callable[..., object], ztf: Maker, prv: Maker) -> AlertBatch:
    """Return three alerts with 1, 3 and 2 points."""
    history = [prv(jd=2458840.0 + i) for i in range(2)]
    packets = [
        ztf(candid=11),
        ztf(candid=12, prv_candidates=history),
        ztf(candid=13, prv_candidates=history[:1]),
    ]
    alerts = mapped(*packets).alerts  # type: ignore[attr-defined]
    assert isinstance(alerts, AlertBatch)
    return alerts


def same(one: AlertBatch, other: AlertBatch) -> bool:
    """Say whether two batches hold the same; unlike Arrow, NaN equals NaN here."""
    schemas = one.record_batch.schema, other.record_batch.schema
    rows = repr(one.record_batch.to_pylist()), repr(other.record_batch.to_pylist())
    return schemas[0].equals(schemas[1], check_metadata=True) and rows[0] == rows[1]


def test_schema_is_exact(batch: AlertBatch) -> None:
    assert batch.record_batch.schema.equals(ALERT_SCHEMA, check_metadata=True)
    batch.record_batch.validate(full=True)


def test_take_by_rows_and_by_mask(batch: AlertBatch) -> None:
    rows = batch.take(np.array([2, 0]))
    assert rows.numbers("alert_id").tolist() == [13, 11]
    assert rows.points.counts.tolist() == [2, 1]
    mask = batch.take(np.array([False, True, False]))
    assert mask.numbers("alert_id").tolist() == [12]


def test_concat_undoes_take(batch: AlertBatch) -> None:
    parts = [batch.take(np.array([i])) for i in range(3)]
    assert same(AlertBatch.concat(parts), batch)
    assert len(AlertBatch.concat([])) == 0


def test_slice_of_a_record_batch(batch: AlertBatch) -> None:
    part = AlertBatch(batch.record_batch.slice(1, 2))
    assert part.points.counts.tolist() == [3, 2]
    assert part.points.offsets[0] == 0


def test_plain_strings_and_foreign_dictionaries_are_accepted(batch: AlertBatch) -> None:
    plain = batch.record_batch
    for name in ("survey", "population", "band"):
        index = plain.schema.get_field_index(name)
        strings = plain.column(name).cast(pa.string())
        column = strings.dictionary_encode() if name == "band" else strings
        plain = plain.set_column(index, name, column)
    back = AlertBatch(plain)
    assert np.array_equal(back.codes("band"), batch.codes("band"))
    assert same(back, batch)


def test_missing_column_is_named(batch: AlertBatch) -> None:
    with pytest.raises(SourceError, match="'night'"):
        AlertBatch(batch.record_batch.drop_columns(["night"]))


def test_unknown_band_is_named(batch: AlertBatch) -> None:
    index = batch.record_batch.schema.get_field_index("band")
    odd = batch.record_batch.set_column(index, "band", pa.array(["g", "V", "r"]))
    with pytest.raises(SourceError, match="unknown band 'V'"):
        AlertBatch(odd)


def test_wrong_type_is_named(batch: AlertBatch) -> None:
    index = batch.record_batch.schema.get_field_index("alert_id")
    odd = batch.record_batch.set_column(index, "alert_id", pa.array(["a", "b", "c"]))
    with pytest.raises(SourceError, match="'alert_id' is string"):
        AlertBatch(odd)


def test_surveys_do_not_mix(batch: AlertBatch) -> None:
    index = batch.record_batch.schema.get_field_index("survey")
    odd = batch.record_batch.set_column(index, "survey", pa.array(["ztf", "lsst", "ztf"]))
    with pytest.raises(SourceError, match="one survey"):
        AlertBatch(odd)


def test_missing_numbers_are_nan(batch: AlertBatch) -> None:
    index = batch.record_batch.schema.get_field_index("fwhm_arcsec")
    with_null = batch.record_batch.set_column(index, "fwhm_arcsec", pa.array([1.0, None, 3.0]))
    assert np.isnan(AlertBatch(with_null).numbers("fwhm_arcsec")).tolist() == [False, True, False]


def test_routing_changes_the_population_only(batch: AlertBatch) -> None:
    routed = batch.with_population(np.array([1, 0, 1], np.int8))
    solar, transient = POPULATIONS.index("solar_system"), POPULATIONS.index("transient")
    assert routed.codes("population").tolist() == [solar, transient, solar]
    assert routed.numbers("alert_id").tolist() == batch.numbers("alert_id").tolist()


def test_empty_batch() -> None:
    empty = AlertBatch.empty()
    assert len(empty) == len(empty.points) == 0
    assert empty.survey == ""
    assert empty.record_batch.schema.metadata == ALERT_SCHEMA.metadata
