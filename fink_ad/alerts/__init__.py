"""What an alert is: batches, light curves, photometry, packets."""

from fink_ad.alerts.batch import AlertBatch
from fink_ad.alerts.points import NO_POINT_ID, Points
from fink_ad.alerts.schema import ALERT_SCHEMA, BANDS, CUTOUTS, KINDS, POPULATIONS, SURVEYS

__all__ = [
    "ALERT_SCHEMA",
    "BANDS",
    "CUTOUTS",
    "KINDS",
    "NO_POINT_ID",
    "POPULATIONS",
    "SURVEYS",
    "AlertBatch",
    "Points",
]
