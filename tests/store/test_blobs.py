"""Single alerts as bytes."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from fink_ad.errors import StoreError
from fink_ad.store import (
    pack_alerts,
    pack_features,
    pack_stamps,
    unpack_alerts,
    unpack_features,
    unpack_stamps,
)
from fink_ad.store.blobs import upgrade_rows


def test_alerts_there_and_back(make):
    alerts = make.alerts([3, 1, 2])
    packed = pack_alerts(alerts)
    assert unpack_alerts(packed).record_batch.equals(alerts.record_batch)
    assert unpack_alerts(packed[1:2]).numbers("alert_id").tolist() == [1]
    assert len(unpack_alerts([])) == 0


def test_features_there_and_back():
    values = np.array([[1.0, np.nan], [-np.inf, 5e-324]])
    assert unpack_features(pack_features(values)).tobytes() == values.tobytes()
    assert unpack_features([]).shape == (0, 0)
    with pytest.raises(StoreError, match="several schemas"):
        unpack_features([b"12345678", b""])


def test_stamps_there_and_back():
    table = pa.table(
        {
            "cutout_science": pa.array([b"science", None], pa.binary()),
            "cutout_template": pa.array([None, None], pa.binary()),
            "cutout_difference": pa.array([b"difference", None], pa.binary()),
        }
    )
    packed = pack_stamps(table)
    assert packed[1] is None
    stamps = {"science": b"science", "template": None, "difference": b"difference"}
    assert unpack_stamps(packed[0]) == stamps
    assert unpack_stamps(None) == dict.fromkeys(stamps)


@pytest.mark.parametrize("damage", [b"", b"nonsense", "cut"])
def test_damage_is_named(make, damage):
    (blob,) = pack_alerts(make.alerts([1]))
    with pytest.raises(StoreError, match=r"blob of \d+ bytes is damaged"):
        unpack_alerts([blob[:200] if damage == "cut" else damage])


def of_version(version: int) -> pa.RecordBatch:
    metadata = {b"fink_ad.alert_schema_version": str(version).encode()}
    return pa.record_batch({"name": ["old"]}).replace_schema_metadata(metadata)


def append(word: str) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
    def step(rows: pa.RecordBatch) -> pa.RecordBatch:
        return rows.set_column(0, "name", pa.array([rows["name"][0].as_py() + word]))

    return step


def test_older_versions_are_upgraded_step_by_step():
    steps = {1: append(" two"), 2: append(" three")}
    assert upgrade_rows(of_version(1), 3, steps)["name"].to_pylist() == ["old two three"]
    assert upgrade_rows(of_version(3), 3, steps)["name"].to_pylist() == ["old"]


def test_newer_and_unknown_versions_are_refused():
    with pytest.raises(StoreError, match="schema version 9, this release knows up to 1"):
        upgrade_rows(of_version(9), 1, {})
    with pytest.raises(StoreError, match="schema version 0, which is unknown"):
        upgrade_rows(of_version(0), 1, {})
