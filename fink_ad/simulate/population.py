"""Draws the objects of a sky and keeps those that give alerts."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.errors import ConfigError, SourceError
from fink_ad.simulate.cadence import Schedule, Visits
from fink_ad.simulate.camera import measure
from fink_ad.simulate.classes import CLASSES
from fink_ad.simulate.sources import SourceClass, Sources

__all__ = ["Population", "class_counts", "draw_population", "parse_counts"]

_MOST_ROUNDS = 40
_LARGEST_ROUND = 20_000


@dataclass(frozen=True, eq=False)
class Population:
    """N objects that give alerts, as drawn and as measured; rows are objects.

    Two-dimensional arrays are (n, n_visits), except ``ref_mag`` (n, 2).
    """

    kind: NDArray[np.str_]
    parameters: NDArray[np.object_]  # JSON text
    t0_mjd: NDArray[np.float64]
    since_mjd: NDArray[np.float64]
    field: NDArray[np.int64]
    ra_deg: NDArray[np.float64]
    dec_deg: NDArray[np.float64]
    ref_mag: NDArray[np.float64]
    ref_sep_arcsec: NDArray[np.float64]
    star_galaxy: NDArray[np.float64]
    bogus: NDArray[np.bool_]
    designation: NDArray[np.bytes_]
    flux_njy: NDArray[np.float64]
    flux_err_njy: NDArray[np.float64]
    detected: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.kind)


def class_counts(
    n_objects: int, rates: Mapping[str, int] | None, inject: Mapping[str, int]
) -> dict[str, int]:
    """Return how many objects of each class to draw; `rates` replaces the ordinary shares.

    Raises
    ------
    ConfigError
        If a class is unknown or a number is negative.
    """
    for name, number in [("objects", n_objects), *(rates or {}).items(), *inject.items()]:
        if name != "objects" and name not in CLASSES:
            raise ConfigError(
                f"no class {name!r} to simulate; known are {', '.join(sorted(CLASSES))}"
            )
        if number < 0:
            raise ConfigError(f"number of {name} is {number}; it must not be negative")
    if rates is None:
        # Rounded cumulative shares, so that the numbers add up to n_objects.
        shares = [known.share for known in CLASSES.values()]
        ends = np.rint(np.cumsum(shares) * n_objects).astype(int)
        rates = dict(zip(CLASSES, np.diff(ends, prepend=0).tolist(), strict=True))
    return {name: rates.get(name, 0) + inject.get(name, 0) for name in CLASSES}


def parse_counts(texts: Iterable[str]) -> dict[str, int]:
    """Read numbers of objects written ``class=number``; those of one class add up.

    Raises
    ------
    ConfigError
        If a text is not of this form.
    """
    counts: dict[str, int] = {}
    for text in texts:
        name, _, number = text.partition("=")
        if not (name and number.isascii() and number.isdigit()):
            raise ConfigError(f"{text!r} is no number of objects; write class=number: kilonova=3")
        counts[name] = counts.get(name, 0) + int(number)
    return counts


def draw_population(
    entropy: list[int], schedule: Schedule, counts: Mapping[str, int]
) -> Population:
    """Draw objects until each class has its number of objects with an alert.

    Every class has randomness of its own, so that adding one leaves the others as they were.

    Raises
    ------
    SourceError
        If a class gives no more alerts after many rounds.
    """
    parts = [
        part
        for name, count in counts.items()
        if count
        for part in _draw_class(entropy, schedule, CLASSES[name], count)
    ]
    if not parts:
        raise ConfigError("nothing to simulate: all numbers of objects are zero")
    return Population(**{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def _draw_class(
    entropy: list[int], schedule: Schedule, known: SourceClass, count: int
) -> list[dict[str, NDArray[Any]]]:
    rng = np.random.default_rng([*entropy, zlib.crc32(known.name.encode())])
    parts: list[dict[str, NDArray[Any]]] = []
    missing = count
    for _ in range(_MOST_ROUNDS):
        n_drawn = min(2 * missing + 20, _LARGEST_ROUND)
        field = rng.integers(0, len(schedule.visits), n_drawn)
        visits = schedule.at(field)
        sources = known.draw(rng, visits)
        measured = measure(rng, sources, visits)
        alerting = (measured.detected & visits.alerting).any(axis=1)
        chosen = np.flatnonzero(alerting)[:missing]
        ra, dec = schedule.place(rng, field)
        part = {
            "kind": np.full(n_drawn, known.name),
            "parameters": _as_json(sources),
            "t0_mjd": sources.t0_mjd,
            "since_mjd": sources.since_mjd,
            "field": field,
            "ra_deg": ra,
            "dec_deg": dec,
            "ref_mag": sources.ref_mag,
            "ref_sep_arcsec": sources.ref_sep_arcsec,
            "star_galaxy": sources.star_galaxy,
            "bogus": np.full(n_drawn, sources.bogus),
            "designation": _designations(sources, visits),
            "flux_njy": measured.flux_njy,
            "flux_err_njy": measured.flux_err_njy,
            "detected": measured.detected,
        }
        parts.append({name: values[chosen] for name, values in part.items()})
        missing -= len(chosen)
        if missing == 0:
            return parts
    raise SourceError(
        f"only {count - missing} of {count} objects of class {known.name!r} gave an alert; "
        "ask for fewer or another night"
    )


def _designations(sources: Sources, visits: Visits) -> NDArray[np.bytes_]:
    if sources.designation is None:
        return np.full(len(visits), b"", "S16")
    return sources.designation.astype("S16")


def _as_json(sources: Sources) -> NDArray[np.object_]:
    """Write the parameters of each object as JSON text, floats to six digits."""
    names = list(sources.parameters)
    rows = zip(*(values.tolist() for values in sources.parameters.values()), strict=True)
    texts = [
        json.dumps(
            {
                name: float(f"{value:.6g}") if isinstance(value, float) else value
                for name, value in zip(names, row, strict=True)
            }
        )
        for row in rows
    ]
    return np.array(texts, object)
