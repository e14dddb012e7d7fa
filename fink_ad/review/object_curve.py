"""All points known of an object, as the light curve of one alert."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from fink_ad.alerts import AlertBatch, Points
from fink_ad.alerts.packets.order import arrange
from fink_ad.alerts.schema import ALERT_SCHEMA

__all__ = ["with_points_of"]


def with_points_of(alert: AlertBatch, others: AlertBatch) -> AlertBatch:
    """Return an alert with the points of other alerts of its object added to its own.

    Each observation is there once: the alert's own points come before those of the others, and
    these before each other as they are given.

    Parameters
    ----------
    alert : AlertBatch
        One alert.
    others : AlertBatch
        Alerts of the same object; the alert itself may be among them.
    """
    if not len(others):
        return alert
    points = AlertBatch.concat([alert, others]).points
    blocks = np.stack([points.offsets[:-1], points.offsets[1:]], axis=1)
    order, offsets = arrange(
        blocks,
        np.zeros(1, np.int64),
        points["band"],
        points["mjd_utc"],
        points["kind"],
        points["point_id"],
    )
    merged = Points(offsets, {name: values[order] for name, values in points.columns.items()})
    place = ALERT_SCHEMA.get_field_index("points")
    columns: list[pa.Array] = alert.record_batch.columns
    columns[place] = merged.to_arrow()
    return AlertBatch(pa.RecordBatch.from_arrays(columns, schema=ALERT_SCHEMA))
