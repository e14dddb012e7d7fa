"""Bits of the ``flags`` columns: what is known to be wrong with a detection."""

from __future__ import annotations

from enum import IntFlag

__all__ = ["PointFlag"]


class PointFlag(IntFlag):
    """One meaning per bit for all surveys; 0 says that nothing wrong is known.

    A flag never repairs anything: the values beside it are as the survey sent them.
    """

    BAD_PIXELS = 1 << 0
    """ZTF ``nbad`` > 0; LSST ``pixelFlags_bad``."""
    EDGE = 1 << 1
    """LSST ``pixelFlags_edge`` or ``psfFlux_flag_edge``."""
    SATURATED = 1 << 2
    """LSST ``pixelFlags_saturated``."""
    COSMIC_RAY = 1 << 3
    """LSST ``pixelFlags_cr``."""
    INTERPOLATED_CENTRE = 1 << 4
    """LSST ``pixelFlags_interpolatedCenter``."""
    DIPOLE = 1 << 5
    """LSST ``isDipole``: a misaligned subtraction."""
    FLUX_FAILED = 1 << 6
    """LSST ``psfFlux_flag``."""
    CENTROID_FAILED = 1 << 7
    """LSST ``centroid_flag``."""
    STREAK = 1 << 8
    """LSST ``pixelFlags_streak`` or ``glint_trail``: a satellite."""
    INJECTED = 1 << 9
    """LSST ``pixelFlags_injected``: a synthetic source put in by the survey."""
    WITHDRAWN = 1 << 10
    """LSST ``timeWithdrawnMjdTai`` is set: the survey took the measurement back."""
    TIME_DISAGREES = 1 << 11
    """ZTF: ``jd`` differs from the time in ``pid`` by more than 2 s."""
    SIGN_UNKNOWN = 1 << 12
    """ZTF: ``isdiffpos`` is missing; the difference is taken to be positive."""
