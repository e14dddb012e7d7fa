"""Light-curve values by the rules of the Fink broker's live anomaly features.

The rules are those of ``fink_science.ztf.ad_features`` and ``fink_science.rubin.ad_features``
(https://github.com/astrolabsoftware/fink-science). They are here for comparison with recorded
features only; what they lose is why the default mode does otherwise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import Points
from fink_ad.alerts.photometry import ZTF_PIXEL_ARCSEC, flux_to_mag, quadrature
from fink_ad.features.segments import segment_max

__all__ = ["live_values"]

_COINCIDENT_PX = 1.5 + 1e-6  # the packet's float32 goes through arcseconds and back


def live_values(
    survey: str, points: Points
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return value, error and usability of each point as the live system has them.

    For ZTF these are magnitudes: of the absolute difference flux, or, where *any* detection of
    the alert lies within 1.5 pixels of a reference source, of the total flux of *all* its
    points, whatever the distance of their own reference source. Points whose total flux is not
    positive become NaN. For other surveys they are difference fluxes in nJy.

    Only detections are usable.
    """
    detected = points.of_kind("detection")
    flux, flux_err = points["diff_flux_njy"], points["diff_flux_err_njy"]
    if survey != "ztf":
        return flux, flux_err, detected

    sep_px = points["ref_sep_arcsec"] / ZTF_PIXEL_ARCSEC
    coincident = detected & (sep_px >= 0) & (sep_px <= _COINCIDENT_PX)
    any_coincident = segment_max(coincident.astype(np.float64), points.offsets) > 0
    total = np.repeat(any_coincident, points.counts)
    flux = np.where(total, points["ref_flux_njy"] + flux, np.abs(flux))
    flux_err = np.where(total, quadrature(flux_err, points["ref_flux_err_njy"]), flux_err)
    return *flux_to_mag(flux, flux_err), detected
