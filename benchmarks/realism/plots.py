"""Histograms of real and simulated alerts side by side."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from benchmarks.realism.samples import Sample

__all__ = ["draw"]

FOLDER = Path(__file__).parents[2] / "docs"
REAL, PACKETS, SIMULATED = "#264653", "#e9a23b", "#d1495b"
MAGNITUDES_PER_SNR = 2.5 / np.log(10)

Values = Callable[[Sample], NDArray[np.float64]]


def history_days(sample: Sample) -> NDArray[np.float64]:
    """From the first detection in the packet to the alert."""
    points = sample.alerts.points
    age = sample.alerts.numbers("mjd_utc")[points.alert] - points["mjd_utc"]
    longest = np.zeros(len(sample))
    np.maximum.at(longest, points.alert, np.where(points.of_kind("detection"), age, 0.0))
    return longest


def error_mag(sample: Sample) -> NDArray[np.float64]:
    return MAGNITUDES_PER_SNR / sample.feature("snr")


def logit(sample: Sample) -> NDArray[np.float64]:
    score = np.clip(sample.feature("real_bogus"), 1e-4, 1 - 1e-6)
    return np.log10(score / (1 - score))


def log(name: str, least: float) -> Values:
    return lambda sample: np.log10(np.maximum(sample.feature(name), least))


def plain(name: str) -> Values:
    return lambda sample: sample.feature(name)


# Title, values, range, and whether the edited packets can be trusted there.
PHOTOMETRY: tuple[tuple[str, Values, tuple[float, float], bool], ...] = (
    ("difference magnitude", plain("last_diff_mag"), (14, 22), True),
    ("error [mag]", error_mag, (0, 0.25), True),
    ("limit minus difference magnitude", plain("limit_contrast"), (-0.5, 6), True),
    ("log10 detections in the packet", log("n_det", 1), (0, 2), False),
    ("history in the packet [days]", history_days, (0, 31), False),
    ("log10 detections since the survey began", log("n_det_survey", 1), (0, 3.5), True),
    ("log10 visits since the survey began", log("n_cov_survey", 1), (1.5, 4), True),
    ("real-bogus score, log10 of p / (1 - p)", logit, (-1, 6), True),
    ("full width at half maximum [arcsec]", plain("fwhm"), (0, 6), True),
)
NEIGHBOURS = (
    ("elongation", plain("elongation"), (1, 1.6), True),
    ("distance to the edge [px]", plain("edge"), (0, 1600), True),
    ("log10 reference distance [arcsec]", log("reference_sep", 1e-2), (-2, 1.6), True),
    ("reference minus difference magnitude", plain("reference_contrast"), (-7, 6), True),
    ("star (1) or galaxy (0)", plain("star_galaxy"), (0, 1), False),
    ("log10 catalogue distance [arcsec]", log("nearest_source_sep", 1e-2), (-2, 1.6), False),
    ("catalogue magnitude, r", plain("nearest_source_mag"), (11, 24), True),
    ("log10 Gaia distance [arcsec]", log("gaia_sep", 1e-2), (-2, 2), False),
    ("Gaia magnitude, G", plain("gaia_mag"), (11, 22), True),
)
RUBIN = (
    ("difference magnitude", plain("last_diff_mag"), (15, 26), True),
    ("error [mag]", error_mag, (0, 0.25), True),
    ("log10 detections in the packet", log("n_det", 1), (0, 3), True),
    ("history in the packet [days]", history_days, (0, 370), True),
    ("reliability, log10 of p / (1 - p)", logit, (-1, 5), True),
    ("full width at half maximum [arcsec]", plain("fwhm"), (0, 3), True),
)


def draw(ztf: Sample, packets: Sample, sky: Sample, rubin: Sample, rubin_sky: Sample) -> None:
    """Write the three pictures of the page."""
    for name, panels in (("ztf", PHOTOMETRY), ("neighbours", NEIGHBOURS)):
        _page(f"realism_{name}.png", panels, ztf, sky, packets)
    _page("realism_lsst.png", RUBIN, rubin, rubin_sky, None)


def _page(name, panels, real: Sample, sky: Sample, packets: Sample | None) -> None:
    figure, axes = plt.subplots(
        -(-len(panels) // 3), 3, figsize=(13, 3 * (-(-len(panels) // 3))), layout="constrained"
    )
    for axis, (title, values, limits, trusted) in zip(axes.flat, panels, strict=True):
        shown = [("real", real, REAL), ("simulated", sky, SIMULATED)]
        if packets is not None and trusted:
            shown.append(("real, photometry only", packets, PACKETS))
        for label, sample, colour in shown:
            _steps(axis, values(sample), limits, f"{label} ({len(sample)})", colour)
        axis.set_title(title, fontsize=10)
        axis.set_yticks([])
    axes.flat[0].legend(fontsize=8)
    FOLDER.mkdir(exist_ok=True)
    figure.savefig(FOLDER / name, dpi=70)
    plt.close(figure)


def _steps(axis: Axes, values, limits: tuple[float, float], label: str, colour: str) -> None:
    """Share per bin; what lies outside is in the first and last bin, what is missing in none."""
    known = np.clip(values[np.isfinite(values)], *limits)
    axis.hist(
        known,
        bins=np.linspace(*limits, 19),
        weights=np.full(len(known), 1 / len(values)),
        histtype="stepfilled" if label.startswith("sim") else "step",
        alpha=0.35 if label.startswith("sim") else 1.0,
        color=colour,
        lw=1.6,
        label=label,
    )
