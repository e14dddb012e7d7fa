"""Names and numbers of objects and alerts: unique, stable, and telling nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts.times import night_of
from fink_ad.simulate.keyed import mix
from fink_ad.simulate.population import Population
from fink_ad.simulate.schedule import SLOTS, Visits

__all__ = [
    "lsst_object_ids",
    "lsst_source_ids",
    "scrambled",
    "ztf_detection_codes",
    "ztf_object_ids",
]

Longs = NDArray[np.int64]

_LETTERS = 7
_ZTF_NAMES = 26**_LETTERS
# Steps without a common divisor with the number of ids walk through all of them.
_ZTF_STEP, _LSST_STEP, _CANDID_STEP = 3_141_592_653, 2_654_435_761, 61_803_399
_CANDID_ROOM = 10**8
_LSST_OBJECT, _LSST_SOURCE = 313_000_000_000_000_000, 170_000_000_000_000_000
_LSST_FIRST_NIGHT, _EXPOSURES = 60_600, 4096


def scrambled(serial: Longs, seed: int, step: int, room: int) -> Longs:
    """Give each serial below `room` another number below it, by a walk that never repeats."""
    shift = int(mix(np.array([seed], np.uint64), 7)[0] % np.uint64(room))
    walked = (serial.astype(np.uint64) * np.uint64(step) + np.uint64(shift)) % np.uint64(room)
    return walked.astype(np.int64)


def ztf_object_ids(population: Population, seed: int) -> NDArray[np.bytes_]:
    """Names like ZTF26abcdefg, with the year of the first detection."""
    number = scrambled(population.serial, seed, _ZTF_STEP, _ZTF_NAMES)
    places = 26 ** np.arange(_LETTERS - 1, -1, -1)
    letters = (ord("a") + number[:, None] // places % 26).astype(np.uint8)
    words = np.ascontiguousarray(letters).view(f"S{_LETTERS}").ravel()
    found = np.fmin(population.since_mjd, population.visits.mjd.max())
    found = np.where(np.isnan(population.since_mjd), population.t0_mjd, found)
    years = (night_of(np.nan_to_num(found, nan=58500.0), "ztf") // 10_000 % 100).astype("S2")
    return np.char.add(np.char.add(b"ZTF", years), words)


def ztf_detection_codes(serial: Longs) -> Longs:
    """Eight digits to tell detections in one quadrant of one exposure apart, fixed per object.

    Two objects share theirs only if their serials agree in the last eight digits.
    """
    return serial * _CANDID_STEP % _CANDID_ROOM


def lsst_object_ids(population: Population, seed: int) -> Longs:
    """Numbers of objects; far above 2^53."""
    return _LSST_OBJECT + scrambled(population.serial, seed, _LSST_STEP, 2**32)


def lsst_source_ids(object_ids: Longs, visits: Visits, obj: Longs, visit: Longs) -> Longs:
    """Numbers of detections, unique by visit and object; `obj` and `visit` select rows."""
    night = visits.number[obj, visit] // SLOTS - _LSST_FIRST_NIGHT
    exposure = night * _EXPOSURES + visits.sequence[obj, visit]
    return _LSST_SOURCE + exposure * 2**32 + (object_ids[obj] - _LSST_OBJECT)
