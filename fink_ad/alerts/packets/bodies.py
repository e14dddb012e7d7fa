"""Which alerts are taken for solar-system bodies before any filter has looked at them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts.schema import POPULATIONS

__all__ = ["BODY_ARCSEC", "population_codes", "ztf_body"]

BODY_ARCSEC = 5.0
"""A known body predicted within this distance of a ZTF detection is taken to be it."""


def ztf_body(
    separation_arcsec: NDArray[np.float64],
    named: NDArray[np.bool_],
    radius_arcsec: float = BODY_ARCSEC,
) -> NDArray[np.bool_]:
    """Say where ZTF found a named body within a radius; ``ssdistnr`` is -999 for none."""
    with np.errstate(invalid="ignore"):
        near = (separation_arcsec >= 0.0) & (separation_arcsec <= radius_arcsec)
    return near & named


def population_codes(body: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Return codes into `POPULATIONS`: solar-system bodies, and the rest."""
    transient, solar_system = (POPULATIONS.index(n) for n in ("transient", "solar_system"))
    return np.where(body, solar_system, transient).astype(np.int8)
