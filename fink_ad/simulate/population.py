"""A piece of the sky: objects that give alerts, with all that the survey knows of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.errors import ConfigError
from fink_ad.simulate.candidates import Candidates, Observed, look
from fink_ad.simulate.classes import CLASSES
from fink_ad.simulate.dust import EXTINCTION_PER_EBV
from fink_ad.simulate.schedule import Schedule, Visits

__all__ = ["Population", "class_counts", "parse_counts"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Population:
    """N objects that give alerts, as drawn and as measured; rows are objects.

    ``visits`` and the fluxes are (n, n_visits), ``ref_mag`` (n, n_bands), everything else (n,).
    Names of artefacts and bodies are empty for what is neither.
    """

    kind: NDArray[np.str_]
    parameters: NDArray[np.object_]  # JSON text
    keys: NDArray[np.uint64]
    serial: NDArray[np.int64]
    field: NDArray[np.int64]
    t0_mjd: Floats
    since_mjd: Floats
    ra_deg: Floats
    dec_deg: Floats
    ref_mag: Floats
    ref_sep_arcsec: Floats
    star_galaxy: Floats
    artefact: NDArray[np.bytes_]
    designation: NDArray[np.bytes_]
    phase_deg: Floats
    helio_au: Floats
    topo_au: Floats
    predicted_mag: Floats
    visits: Visits
    flux_njy: Floats
    flux_err_njy: Floats
    detected: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def bogus(self) -> NDArray[np.bool_]:
        """Whether the camera, not the sky, made each object."""
        made_up: NDArray[np.bool_] = self.artefact != b""
        return made_up

    @classmethod
    def observe(cls, schedule: Schedule, parts: Iterable[tuple[str, Candidates]]) -> Population:
        """Look at candidates of some classes at all visits of the schedule."""
        tables = [
            _table(name, look(CLASSES[name], schedule, schedule.visits, candidates))
            for name, candidates in parts
            if len(candidates)
        ]
        if not tables:
            raise ConfigError("nothing to simulate: all numbers of objects are zero")
        visits = [table.pop("visits") for table in tables]
        together = Visits(
            **{
                one.name: np.concatenate([getattr(part, one.name) for part in visits])
                for one in fields(Visits)
            }
        )
        joined = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
        return cls(**joined, visits=together)


def _table(name: str, observed: Observed) -> dict[str, Any]:
    sources, candidates = observed.sources, observed.candidates
    n_objects = len(candidates)
    unknown = np.full(n_objects, np.nan)
    artefact, bodies = sources.artefact, sources.bodies
    extinction = observed.colour_excess[:, None] * EXTINCTION_PER_EBV
    return {
        "kind": np.full(n_objects, name),
        "parameters": _as_json(sources.parameters, n_objects),
        "keys": candidates.keys,
        "serial": candidates.serial,
        "field": observed.field,
        "t0_mjd": sources.t0_mjd,
        "since_mjd": sources.since_mjd,
        "ra_deg": observed.ra_deg,
        "dec_deg": observed.dec_deg,
        "ref_mag": sources.ref_mag + extinction,
        "ref_sep_arcsec": sources.ref_sep_arcsec,
        "star_galaxy": sources.star_galaxy,
        "artefact": np.full(n_objects, b"", "S10") if artefact is None else artefact.astype("S10"),
        "designation": np.full(n_objects, b"", "S8") if bodies is None else bodies.designation,
        "phase_deg": unknown if bodies is None else bodies.phase_deg,
        "helio_au": unknown if bodies is None else bodies.helio_au,
        "topo_au": unknown if bodies is None else bodies.topo_au,
        "predicted_mag": unknown if bodies is None else bodies.predicted_mag,
        "visits": observed.visits,
        "flux_njy": observed.measured.flux_njy,
        "flux_err_njy": observed.measured.flux_err_njy,
        "detected": observed.measured.detected,
    }


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


def _as_json(parameters: Mapping[str, NDArray[Any]], n_objects: int) -> NDArray[np.object_]:
    """Write the parameters of each object as JSON text, floats to six digits."""
    names = list(parameters)
    texts = np.empty(n_objects, object)
    rows = zip(*(values.tolist() for values in parameters.values()), strict=True)
    for i, row in enumerate(rows):
        texts[i] = json.dumps(
            {
                name: float(f"{value:.6g}") if isinstance(value, float) else value
                for name, value in zip(names, row, strict=True)
            }
        )
    return texts
