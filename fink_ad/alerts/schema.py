"""The Arrow schema of an AlertBatch: fixed, versioned, the same for every survey.

Missing floats are NaN and never null; missing integers and strings are null. Units are in the
names: MJD are UTC at mid-exposure, fluxes are nanojansky on the AB system, angles degrees or
arcseconds. Bands and kinds are dictionary columns with the fixed dictionaries `BANDS` and
`KINDS`, so that code addresses them by name and the machine compares one byte.
"""

from __future__ import annotations

import pyarrow as pa

__all__ = [
    "ALERT_SCHEMA",
    "BANDS",
    "CUTOUTS",
    "KINDS",
    "POINT_FIELDS",
    "POPULATIONS",
    "SCHEMA_VERSION",
    "SURVEYS",
]

SCHEMA_VERSION = 1
"""Version of the AlertBatch schema; a stored batch of an older version is upgraded on reading."""

SURVEYS = ("ztf", "lsst", "elasticc")
"""Surveys known to the packet mappings."""

BANDS = ("u", "g", "r", "i", "z", "y")
"""Band names; a point's band is always one of these."""

KINDS = ("detection", "forced", "limit")
"""What a point is: a detection of the survey, forced photometry, or an upper limit."""

POPULATIONS = ("transient", "solar_system")
"""Who competes with whom."""

CUTOUTS = ("science", "template", "difference")
"""The three stamps of a packet; columns ``cutout_<name>``."""


def _dictionary() -> pa.DataType:
    return pa.dictionary(pa.int8(), pa.string())


POINT_FIELDS = (
    pa.field("mjd_utc", pa.float64()),
    pa.field("band", _dictionary()),
    pa.field("kind", _dictionary()),
    # Signed difference flux: negative when the source is fainter than in the reference image.
    pa.field("diff_flux_njy", pa.float64()),
    pa.field("diff_flux_err_njy", pa.float64()),
    # Difference plus the flux of the coincident reference source (within 1.5 arcsec), else + 0.
    pa.field("total_flux_njy", pa.float64()),
    pa.field("total_flux_err_njy", pa.float64()),
    # The nearest source of the reference image, whether coincident or not.
    pa.field("ref_flux_njy", pa.float64()),
    pa.field("ref_flux_err_njy", pa.float64()),
    pa.field("ref_sep_arcsec", pa.float64()),
    pa.field("limit_flux_njy", pa.float64()),  # 5 sigma
    pa.field("ra_deg", pa.float64()),
    pa.field("dec_deg", pa.float64()),
    pa.field("real_bogus", pa.float64()),
    pa.field("flags", pa.int64()),  # bits of alerts.packets; 0 = nothing wrong is known
    pa.field("point_id", pa.int64()),  # the survey's id of the point; null when it has none
)
"""Columns of one light-curve point."""

ALERT_SCHEMA = pa.schema(
    [
        pa.field("survey", _dictionary()),
        pa.field("alert_id", pa.int64()),
        pa.field("object_id", pa.string()),
        pa.field("population", _dictionary()),
        pa.field("packet_version", pa.string()),
        pa.field("mjd_utc", pa.float64()),
        pa.field("night", pa.int32()),  # YYYYMMDD
        pa.field("band", _dictionary()),
        pa.field("ra_deg", pa.float64()),
        pa.field("dec_deg", pa.float64()),
        # The alert's own detection, as in its point.
        pa.field("diff_flux_njy", pa.float64()),
        pa.field("diff_flux_err_njy", pa.float64()),
        pa.field("total_flux_njy", pa.float64()),
        pa.field("total_flux_err_njy", pa.float64()),
        pa.field("ref_flux_njy", pa.float64()),
        pa.field("ref_sep_arcsec", pa.float64()),
        pa.field("limit_flux_njy", pa.float64()),
        pa.field("real_bogus", pa.float64()),  # 0 bogus .. 1 real
        pa.field("flags", pa.int64()),
        # Image quality at the detection.
        pa.field("fwhm_arcsec", pa.float64()),
        pa.field("elongation", pa.float64()),
        pa.field("bad_pixels", pa.float64()),
        pa.field("edge_px", pa.float64()),
        # Neighbours in deep catalogues.
        pa.field("star_galaxy", pa.float64()),  # nearest catalogue source: 0 galaxy .. 1 star
        pa.field("nearest_source_arcsec", pa.float64()),
        pa.field("nearest_source_mag", pa.float64()),
        pa.field("gaia_sep_arcsec", pa.float64()),
        pa.field("gaia_mag", pa.float64()),
        # The survey's own summary of the object, beyond the history in the packet.
        pa.field("n_det_survey", pa.float64()),
        pa.field("n_cov_survey", pa.float64()),
        pa.field("first_det_mjd_utc", pa.float64()),
        # Solar-system association.
        pa.field("solar_system_sep_arcsec", pa.float64()),
        pa.field("designation", pa.string()),
        pa.field("phase_deg", pa.float64()),
        pa.field("helio_au", pa.float64()),
        pa.field("topo_au", pa.float64()),
        pa.field("predicted_mag", pa.float64()),
        # The broker's own classifications, "classifier=class"; text of a stranger.
        pa.field("broker_classes", pa.list_(pa.string())),
        # Null unless the stamps were asked for.
        pa.field("cutout_science", pa.binary()),
        pa.field("cutout_template", pa.binary()),
        pa.field("cutout_difference", pa.binary()),
        # Sorted by (band, time); see AlertBatch.
        pa.field("points", pa.list_(pa.struct(POINT_FIELDS))),
    ],
    metadata={b"fink_ad.alert_schema_version": str(SCHEMA_VERSION).encode()},
)
"""Columns of one alert, the light curve nested as ``points``."""
