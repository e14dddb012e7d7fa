"""The endless lists of objects that skies are made of, and which of them a night sees."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fink_ad.errors import SourceError
from fink_ad.simulate.camera import Measured, measure
from fink_ad.simulate.classes import CLASSES
from fink_ad.simulate.dust import colour_excess
from fink_ad.simulate.keyed import Draws, mix
from fink_ad.simulate.places import to_galactic
from fink_ad.simulate.schedule import Schedule, Visits
from fink_ad.simulate.sources import SourceClass, Sources

__all__ = ["Candidates", "Observed", "candidates_at", "look", "n_per_layer", "seen_in", "supply"]

Floats = NDArray[np.float64]

_CLASS_SHIFT, _DAYS = 27, 1024
_ROUND = 4096
_MOST_FRUITLESS = 500


@dataclass(frozen=True, eq=False)
class Candidates:
    """N objects of one class that may or may not show; all arrays are (n,).

    Attributes
    ----------
    keys : uint64
        What their randomness follows from.
    serial : int64
        Number below 2^32, unique over all classes but for what lies 1 024 days apart.
    event_mjd : float64
        Date of an event; NaN for what is always there.
    """

    keys: NDArray[np.uint64]
    serial: NDArray[np.int64]
    event_mjd: Floats

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Candidates:
        """Select some."""
        return Candidates(self.keys[rows], self.serial[rows], self.event_mjd[rows])

    @classmethod
    def concat(cls, parts: list[Candidates]) -> Candidates:
        """Join lists."""
        names = ("keys", "serial", "event_mjd")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True, eq=False)
class Observed:
    """Candidates with what they are and where, and what the camera measured of them."""

    candidates: Candidates
    sources: Sources
    field: NDArray[np.int64]
    ra_deg: Floats
    dec_deg: Floats
    colour_excess: Floats
    visits: Visits
    measured: Measured


def n_per_layer(known: SourceClass, nights: tuple[int, int]) -> int:
    """Candidates of one layer: one event a day in all days that matter, or one object."""
    if known.window_days is None:
        return 1
    before, after = known.window_days
    return int(nights[1] - nights[0] + 1 + np.ceil(before) + np.ceil(after))


def candidates_at(
    known: SourceClass, seed: int, nights: tuple[int, int], index: NDArray[np.int64]
) -> Candidates:
    """Candidates by their place in the list of a class.

    What is always there is simply numbered. Events come in layers of one a day, over the days
    from which the nights (first and last MJD) may see something, so that other nights find the
    same events.
    """
    kind = np.full(len(index), zlib.crc32(known.name.encode()))
    world = mix(np.full(len(index), seed, np.uint64), kind)
    serial = np.full(len(index), list(CLASSES).index(known.name) << _CLASS_SHIFT)
    if known.window_days is None:
        return Candidates(mix(world, index), serial + index, np.full(len(index), np.nan))
    layer, place = np.divmod(index, n_per_layer(known, nights))
    day = nights[0] - int(np.ceil(known.window_days[1])) + place
    if known.returns:
        body, second = np.divmod(layer, 2)
        keys, event_mjd = mix(world, body), day + 0.25 + 0.5 * second
    else:
        keys = mix(mix(world, day), layer)
        event_mjd = day + Draws(keys).uniform("time of day")
    room = (1 << _CLASS_SHIFT) - 1
    return Candidates(keys, serial + ((layer * _DAYS + day % _DAYS) & room), event_mjd)


def look(
    known: SourceClass, schedule: Schedule, visits: Visits, candidates: Candidates
) -> Observed:
    """Observe candidates at visits of their fields; those never visited are left out."""
    draws = Draws(candidates.keys)
    ra, dec = known.place(draws, candidates.event_mjd)
    field = schedule.fields.of(ra, dec)
    rows = np.flatnonzero(np.any(visits.observed, axis=1)[field])
    candidates, field, ra, dec = candidates.take(rows), field[rows], ra[rows], dec[rows]
    draws, there = Draws(candidates.keys), visits.at(field)
    sources = known.draw(draws, schedule.survey, candidates.event_mjd)
    excess = np.zeros(len(rows))
    if known.behind_dust:
        excess = colour_excess(*to_galactic(ra, dec))
    measured = measure(schedule.survey, draws, sources, there, excess)
    measured.detected[_outside(known, candidates, there)] = False
    return Observed(candidates, sources, field, ra, dec, excess, there, measured)


def _outside(known: SourceClass, candidates: Candidates, visits: Visits) -> NDArray[np.bool_]:
    """Mark visits beyond the days from which other nights would find an event in the list."""
    if known.window_days is None:
        return np.zeros(visits.mjd.shape, bool)
    before, after = known.window_days
    days = visits.night_mjd - np.floor(candidates.event_mjd)[:, None]
    outside: NDArray[np.bool_] = (days < -np.ceil(before)) | (days > np.ceil(after))
    return outside


def seen_in(
    known: SourceClass, schedule: Schedule, tonight: Visits, candidates: Candidates
) -> Candidates:
    """Select the candidates that are detected at some of the visits."""
    observed = look(known, schedule, tonight, candidates)
    return observed.candidates.take(np.any(observed.measured.detected, axis=1))


def supply(
    known: SourceClass, schedule: Schedule, tonight: Visits, seed: int, nights: tuple[int, int]
) -> Iterator[Candidates]:
    """Go through the list of a class, and yield in portions those that the nights see.

    Raises
    ------
    SourceError
        If a long stretch of the list gives nothing.
    """
    start, fruitless, portion = 0, 0, 256
    while fruitless < _MOST_FRUITLESS:
        index = np.arange(start, start + portion)
        seen = seen_in(known, schedule, tonight, candidates_at(known, seed, nights, index))
        start += portion
        portion = min(2 * portion, _ROUND)
        fruitless = 0 if len(seen) else fruitless + 1
        yield seen
    raise SourceError(
        f"no object of class {known.name!r} gives an alert among {start:,}; ask for fewer or for "
        "another night"
    )
