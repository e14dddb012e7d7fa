"""RR Lyrae stars of type ab: a steep rise and a slow decline, every half day.

The shape is a saw-tooth of eight harmonics, smoothed by the factors of Lanczos. Periods and
amplitudes, and the ratios of amplitudes between the bands, as in Sesar et al. (2010, ApJ 708,
717).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.classes.stars import draw_magnitude, star_magnitudes, varying_star
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.places import halo
from fink_ad.simulate.schedule import Visits
from fink_ad.simulate.sources import SourceClass, Sources
from fink_ad.simulate.survey import Survey

__all__ = ["AMPLITUDE_RATIO", "RR_LYRAE", "saw_tooth"]

Floats = NDArray[np.float64]

AMPLITUDE_RATIO = np.array([0.95, 1.0, 0.72, 0.58, 0.54, 0.52])  # ugrizy
_HARMONICS = 8
_TEMPERATURE_K = 7000.0


def saw_tooth(phase: Floats, harmonics: int = _HARMONICS) -> Floats:
    """Magnitude offset of unit full amplitude: fades through the cycle, brightens at its end."""
    shape = _series(np.linspace(0, 1, 512), harmonics)
    offset: Floats = _series(phase, harmonics) / (shape.max() - shape.min())
    return offset


def _series(phase: Floats, harmonics: int) -> Floats:
    # sin(n x) by its recurrence: one sine and one cosine for all harmonics.
    cycle = 2 * np.pi * np.asarray(phase)
    twice_cos, last, now = 2 * np.cos(cycle), np.zeros_like(cycle), np.sin(cycle)
    total = np.zeros_like(cycle)
    for harmonic in range(1, harmonics + 1):
        total -= np.sinc(harmonic / (harmonics + 1)) * now / harmonic
        last, now = now, twice_cos * now - last
    return total


def draw(draws: Draws, survey: Survey, event_mjd: Floats) -> Sources:
    """Draw stars."""
    period = draws.clipped("period", 0.57, 0.07, 0.40, 0.85)
    amplitude = np.clip(1.0 - 2.2 * (period - 0.57) + draws.normal("amplitude", 0, 0.12), 0.3, 1.4)
    phase0 = draws.uniform("phase")

    def offset(visits: Visits) -> Floats:
        phase = visits.mjd / period[:, None] + phase0[:, None]
        fading: Floats = amplitude[:, None] * AMPLITUDE_RATIO[visits.band] * saw_tooth(phase)
        return fading

    mean = star_magnitudes(draw_magnitude(draws, survey), _TEMPERATURE_K)
    parameters = {"period_days": period, "amplitude_g_mag": amplitude}
    return varying_star(draws, survey, mean, offset, parameters)


RR_LYRAE = SourceClass("rr_lyrae", draw, halo, share=0.20)
