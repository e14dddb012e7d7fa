"""The passbands, in the order of `fink_ad.alerts.schema.BANDS` (ugrizy)."""

from __future__ import annotations

import numpy as np

from fink_ad.alerts.schema import BANDS

__all__ = ["N_BANDS", "WAVELENGTH_A", "WIDTH_A", "G", "R"]

N_BANDS = len(BANDS)
G, R = BANDS.index("g"), BANDS.index("r")

WAVELENGTH_A = np.array([3751.0, 4742.0, 6173.0, 7502.0, 8679.0, 9711.0])
"""Effective wavelengths [Angstrom] of Rubin (SVO filter profile service).

ZTF's g and r differ by 1 %, its i by 5 %; both surveys share these."""

WIDTH_A = np.array([580.0, 1300.0, 1330.0, 1230.0, 990.0, 870.0])
"""Approximate full widths [Angstrom]."""
