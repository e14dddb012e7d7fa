"""An answered object comes back when it changed, and says how."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from fink_ad.alerts import ALERT_SCHEMA, AlertBatch, Points
from fink_ad.alerts.schema import BANDS, KINDS, POINT_FIELDS
from fink_ad.review.returns import material_changes, rarity_jump
from fink_ad.store import KeptFor, KeptRecord, pack_alerts


def alert(
    mjd: float, *points: tuple[float, str, float], kind: str = "detection", **more: object
) -> KeptRecord:
    """A kept alert with points (mjd, band, total flux in nJy), errors of 4000 nJy."""
    points = tuple(sorted(points, key=lambda one: (BANDS.index(one[1]), one[0])))
    n = len(points)
    columns = {
        field.name: np.zeros(n, np.int8)
        if pa.types.is_dictionary(field.type)
        else np.zeros(n, field.type.to_pandas_dtype())
        for field in POINT_FIELDS
    } | {
        "mjd_utc": np.array([one[0] for one in points]),
        "band": np.array([BANDS.index(one[1]) for one in points], np.int8),
        "kind": np.full(n, KINDS.index(kind), np.int8),
        "total_flux_njy": np.array([one[2] for one in points]),
        "total_flux_err_njy": np.full(n, 4000.0),
    }
    alert_columns: dict[str, object] = {
        field.name: [0.0] if pa.types.is_floating(field.type) else pa.nulls(1, field.type)
        for field in ALERT_SCHEMA
    }
    alert_columns |= {"survey": ["ztf"], "alert_id": [1], "object_id": ["a"], "mjd_utc": [mjd]}
    alert_columns |= {"population": ["transient"], "night": [20260301], "band": ["r"], "flags": [0]}
    batch = AlertBatch.from_columns(alert_columns, Points(np.array([0, n]), columns))
    record = KeptRecord(
        survey="ztf",
        alert_id=int(mjd),
        object_id="a",
        population="transient",
        night=20260301,
        mjd_utc=mjd,
        ra_deg=0.0,
        dec_deg=0.0,
        band="r",
        n_det=n,
        score=0.0,
        model_revision="m",
        kept_for=KeptFor.LABELLED,
        alert=pack_alerts(batch)[0],
        alert_schema=1,
        feature_schema="s",
        features=b"",
    )
    return replace(record, **more)


THEN = alert(1.0, (0.5, "g", 0.8e6), (1.0, "r", 1e6))


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ([(2.0, "r", 3e6)], "brightened by 1.2 mag in r"),
        ([(2.0, "r", 0.4e6)], "faded by 1.0 mag in r"),
        ([(2.0, "r", 1.3e6)], ""),  # by 0.3 mag
        ([(2.0, "i", 9e6)], ""),  # another band tells nothing
        ([(1.0, "r", 3e6)], ""),  # the same night as before
        ([(1.5, "g", 2e6), (2.0, "r", 1.1e6)], "brightened by 1.0 mag in g"),
        ([(1.5, "r", 9e6), (2.0, "r", 1.05e6)], ""),  # back to what it was
        ([(2.0, "r", -2e6)], "fell below zero flux in r"),
        ([(2.0, "r", np.nan)], ""),
    ],
)
def test_brightness_counts_band_by_band(points: list, reason: str) -> None:
    found = material_changes([THEN], [alert(2.0, *points)], 0.5)
    assert found == [reason]


def test_noise_is_no_change() -> None:
    """Around zero flux noise alone moves asinh magnitudes by more than half a magnitude."""
    faint = alert(1.0, (1.0, "r", -6000.0))
    assert material_changes([faint], [alert(2.0, (2.0, "r", 10_000.0))], 0.05) == [""]
    assert material_changes([faint], [alert(2.0, (2.0, "r", 12_000.0))], 0.05) != [""]


def test_only_detections_tell_a_change() -> None:
    forced = alert(2.0, (2.0, "r", 9e6), kind="forced")
    assert material_changes([THEN], [forced], 0.5) == [""]


def test_a_class_that_is_new_counts() -> None:
    old = replace(THEN, broker_classes=("xmatch=Unknown star",))
    new = alert(2.0, broker_classes=("xmatch=Unknown star", "tns=SN Ia"))
    assert material_changes([old, old], [new, old], 0.5) == ["now called SN Ia by tns", ""]


def test_objects_do_not_mix() -> None:
    then = [THEN, alert(1.0, (1.0, "r", 0.5e6))]
    now = [alert(2.0, (2.0, "r", 1e6)), alert(2.0, (2.0, "r", 1e6))]
    assert material_changes(then, now, 0.5) == ["", "brightened by 0.8 mag in r"]
    assert material_changes([], [], 0.5) == []


@pytest.mark.parametrize(
    ("was", "now", "words"),
    [
        (900.0, 30_000.0, "now 1 in 30 000, was 1 in 900"),
        (900.0, 9000.0, "now 1 in 9 000, was 1 in 900"),
        (900.0, 8999.0, ""),
        (30_000.0, 900.0, ""),
        (np.nan, 900.0, ""),
    ],
)
def test_rarity_counts_when_it_jumps(was: float, now: float, words: str) -> None:
    assert rarity_jump(was, now, 10.0) == words
