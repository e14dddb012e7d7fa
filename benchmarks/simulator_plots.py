"""Draws the pictures of docs/simulated-sky.md: each class, and the sky they are in.

Run from the root of the project: ``python -m benchmarks.simulator_plots``.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from fink_ad.alerts.schema import BANDS
from fink_ad.simulate import CLASSES, simulate_night
from fink_ad.simulate.candidates import look, supply
from fink_ad.simulate.dust import EXTINCTION_PER_EBV
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.schedule import SLOTS, Schedule, Visits, night_to_mjd
from fink_ad.simulate.survey import SURVEYS, Survey

FOLDER = Path(__file__).parents[1] / "docs" / "simulator"
NIGHT, SEED = 20260301, 4
COLOURS = dict(
    zip(BANDS, ("#7b3294", "#2a9d8f", "#d1495b", "#edae49", "#8d5524", "#444444"), strict=True)
)
WIDTH_DAYS = {
    "m_dwarf_flare": 0.2,
    "afterglow": 8.0,
    "kilonova": 8.0,
    "rr_lyrae": 8.0,
    "eclipsing_binary": 8.0,
    "tidal_disruption_event": 200.0,
    "superluminous_supernova": 250.0,
    "r_crb": 120.0,
}
POINTS_ONLY = {"bogus", "bad_subtraction", "asteroid"}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for survey in SURVEYS.values():
        figure = classes_of(survey)
        figure.savefig(FOLDER / f"classes_{survey.name}.png", dpi=75)
    sky_of().savefig(FOLDER / "sky.png", dpi=75)


def classes_of(survey: Survey) -> plt.Figure:
    """One object of each class: the truth as lines, the survey's points with their errors."""
    last = night_to_mjd(NIGHT)
    days = 60 if survey.name == "ztf" else 300
    schedule = Schedule.draw(survey, SEED, last - days, last + 60)
    nights = (last - 6, last)
    recent = schedule.part(*nights)
    figure, axes = plt.subplots(6, 4, figsize=(17, 18), layout="constrained")
    for axis in axes.flat[len(CLASSES) :]:
        axis.set_axis_off()
    for (name, known), axis in zip(CLASSES.items(), axes.flat, strict=False):
        portions = supply(known, schedule, recent, SEED, nights)
        few = next(one for one in portions if len(one))
        seen = look(known, schedule, schedule.visits, few)
        best = np.argsort(-np.abs(seen.measured.flux_njy * seen.measured.detected).max(axis=1))
        row = int(best[len(best) // 4])
        one = few.take(np.array([row]))
        draw_one(axis, survey, name, one, seen, row)
        axis.set_title(name.replace("_", " "), fontsize=11)
        axis.tick_params(labelsize=8)
    figure.supxlabel("days from the event, or from the night of the alert")
    figure.supylabel("difference flux [microjansky]")
    axes.flat[0].legend(fontsize=8)
    return figure


def draw_one(axis: Axes, survey: Survey, name: str, one, seen, row: int) -> None:
    known = CLASSES[name]
    sources = known.draw(Draws(one.keys), survey, one.event_mjd)
    event = sources.t0_mjd[0]
    origin = event if np.isfinite(event) else float(night_to_mjd(NIGHT))
    dimming = 10 ** (-0.4 * seen.colour_excess[row] * EXTINCTION_PER_EBV)
    width = WIDTH_DAYS.get(name, 60.0)
    low, high = -width, 60.0
    if name in WIDTH_DAYS:
        low, high = (-0.3 * width, width) if np.isfinite(event) else (-width, 0.0)
    for code, band in enumerate(BANDS):
        if band not in survey.depth_mag:
            continue
        if name not in POINTS_ONLY:
            grid = np.linspace(origin + low, origin + high, 800)
            flux = sources.flux(_dense(grid, code))[0] * dimming[code]
            axis.plot(grid - origin, flux / 1e3, "-", color=COLOURS[band], lw=0.8, alpha=0.7)
        at = (seen.visits.band[row] == code) & seen.visits.observed[row]
        found = at & seen.measured.detected[row]
        for mask, fill in ((found, COLOURS[band]), (at & ~found, "none")):
            days = seen.visits.mjd[row, mask] - origin
            axis.errorbar(
                days,
                seen.measured.flux_njy[row, mask] / 1e3,
                seen.measured.flux_err_njy[row, mask] / 1e3,
                fmt="o",
                ms=3,
                mfc=fill,
                color=COLOURS[band],
                elinewidth=0.5,
                alpha=1.0 if fill != "none" else 0.35,
                label=band if fill != "none" else None,
            )
    axis.set_xlim(low, high)
    if name == "afterglow":
        axis.set_yscale("symlog", linthresh=1.0)


def _dense(mjd: np.ndarray, band: int) -> Visits:
    """Fine visits without noise."""
    times = mjd[None, :]
    blank = np.zeros(times.shape)
    return Visits(
        mjd=times,
        band=np.full(times.shape, band),
        limit_mag=blank + 21.0,
        seeing_arcsec=blank + 2.0,
        zero_point_mag=blank,
        number=np.floor(times).astype(np.int64) * SLOTS,
        sequence=np.zeros(times.shape, np.int64),
        observed=np.ones(times.shape, bool),
    )


def sky_of() -> plt.Figure:
    """Where the alerts of a night are, how bright, how often seen, and what the score says."""
    figure, axes = plt.subplots(2, 2, figsize=(14, 9), layout="constrained")
    for survey, marker in (("ztf", "o"), ("lsst", "x")):
        night = simulate_night(NIGHT, survey=survey, n_objects=1500, seed=SEED)
        truth, records = night.truth, night.records()
        kind = {
            alert: name
            for name, alerts in zip(truth["class"], truth["alert_ids"], strict=True)
            for alert in alerts
        }
        axes[0, 0].plot(truth["ra_deg"], truth["dec_deg"], marker, ms=2, label=survey, alpha=0.5)
        if survey == "ztf":
            sources = [record["candidate"] for record in records]
            mags = np.array([one["magpsf"] for one in sources])
            score = np.array([one["drb"] for one in sources])
            bogus = np.isin(
                [kind[record["candid"]] for record in records], ["bogus", "bad_subtraction"]
            )
        else:
            sources = [record["diaSource"] for record in records]
            flux = np.array([abs(one["psfFlux"]) for one in sources])
            mags = 31.4 - 2.5 * np.log10(flux)
            score = np.array([one["reliability"] for one in sources])
            bogus = np.isin(
                [kind[record["diaSourceId"]] for record in records], ["bogus", "bad_subtraction"]
            )
        axes[0, 1].hist(mags, 60, histtype="step", label=survey)
        for mask, what in ((bogus, "bogus"), (~bogus, "real")):
            axes[1, 0].hist(
                score[mask],
                40,
                range=(0, 1),
                histtype="step",
                density=True,
                label=f"{survey} {what}",
            )
        schedule = Schedule.draw(
            SURVEYS[survey], SEED, night_to_mjd(NIGHT) - 60, night_to_mjd(NIGHT)
        )
        seen = schedule.visits.observed
        for code, band in enumerate(BANDS):
            limit = schedule.visits.limit_mag[seen & (schedule.visits.band == code)]
            if len(limit):
                axes[1, 1].hist(
                    limit,
                    60,
                    histtype="step",
                    color=COLOURS[band],
                    ls="-" if survey == "ztf" else "--",
                    label=f"{survey} {band}",
                )
    for axis, name in zip(
        axes.flat,
        (
            "right ascension, declination [deg]",
            "magnitude of the difference",
            "score",
            "5-sigma limit",
        ),
        strict=True,
    ):
        axis.set_xlabel(name)
        axis.legend(fontsize=8)
    return figure


if __name__ == "__main__":
    main()
