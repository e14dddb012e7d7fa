"""A sky that stays the same: ask for any night of it, on its own or with others in a row.

Everything follows from the seed, so that the alerts of one night do not depend on which other
nights were asked for, and the history in a packet is what earlier nights sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fink_ad.errors import ConfigError
from fink_ad.simulate.candidates import Candidates, candidates_at, n_per_layer, seen_in, supply
from fink_ad.simulate.classes import CLASSES
from fink_ad.simulate.cutouts import StampMode
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.night import Night
from fink_ad.simulate.population import class_counts
from fink_ad.simulate.session import Session, schedule_of
from fink_ad.simulate.survey import SurveyName

__all__ = ["DEFAULT_INJECT", "Sky", "simulate_night", "simulate_pieces"]

DEFAULT_INJECT: Mapping[str, int] = {name: 2 for name, known in CLASSES.items() if known.anomaly}
"""Anomalies planted in a night unless told otherwise: two of each kind."""

_PIECE_OBJECTS = {"ztf": 2000, "lsst": 500}
_BATCH = 8192
_TRIAL_NIGHTS_MJD = (61010, 61099, 61193, 61282)
_TRIAL_SEED, _FEWEST_TRIALS, _MOST_TRIALS, _ENOUGH_SEEN = 1, 2000, 32_000, 60


def simulate_pieces(
    night: int,
    *,
    survey: SurveyName = "ztf",
    n_objects: int = 600,
    rates: Mapping[str, int] | None = None,
    inject: Mapping[str, int] | None = None,
    seed: int = 0,
    nights: int = 1,
    stamps: StampMode = "none",
    n_stamped: int | None = None,
) -> Iterator[Night]:
    """Like `simulate_night`, piece by piece: different objects of all classes in each.

    Memory does not grow with the number of pieces. Alerts are in order of time within a piece.
    """
    inject = DEFAULT_INJECT if inject is None else inject
    counts = class_counts(n_objects, rates, inject)
    if n_stamped is not None and n_stamped < 0:
        raise ConfigError(f"n_stamped={n_stamped} must not be negative")
    total = sum(counts.values())
    if total == 0:
        raise ConfigError("nothing to simulate: all numbers of objects are zero")
    session = Session.of(survey, seed, night, nights, stamps, sorted(counts.items()))
    n_pieces = -(-total // _PIECE_OBJECTS[survey])
    supplies = {
        name: _Portions(
            supply(CLASSES[name], session.schedule, session.tonight, seed, session.nights)
        )
        for name, count in counts.items()
        if count
    }
    for i in range(n_pieces):
        parts = [
            (
                name,
                supplies[name].take(
                    counts[name] * (i + 1) // n_pieces - counts[name] * i // n_pieces
                ),
            )
            for name in supplies
        ]
        stamped = n_stamped
        if n_stamped is not None:
            stamped = n_stamped * (i + 1) // n_pieces - n_stamped * i // n_pieces
        yield session.piece(parts, stamped)


def simulate_night(
    night: int,
    *,
    survey: SurveyName = "ztf",
    n_objects: int = 600,
    rates: Mapping[str, int] | None = None,
    inject: Mapping[str, int] | None = None,
    seed: int = 0,
    nights: int = 1,
    stamps: StampMode = "none",
    n_stamped: int | None = None,
) -> Night:
    """Simulate the alerts of a night, with exact numbers of objects, each with its history.

    Objects are the first of the sky of this seed that are seen; a run of several nights is
    consistent in itself. For a season asked for night by night, see `Sky`.

    Parameters
    ----------
    night : int
        YYYYMMDD: the UTC date of the exposures (ZTF), or of the evening (LSST).
    survey : {"ztf", "lsst"}
        Whose cadence, depth and packets.
    n_objects : int
        Ordinary objects that give at least one alert, shared out among the classes.
    rates : mapping of str to int, optional
        Ordinary objects by class, instead of `n_objects`.
    inject : mapping of str to int, optional
        Further objects by class; default `DEFAULT_INJECT`.
    seed : int
        Same options and seed, same bytes.
    nights : int
        Number of consecutive nights that give alerts, the last being `night`; an object gives
        at least one alert in one of them.
    stamps : {"none", "pool", "individual"}
        No stamps; stamps shared by alerts that look alike; or each alert its own (slow).
    n_stamped : int, optional
        Only this many alerts, spread over the night, get stamps.

    Raises
    ------
    ConfigError
        If the night is no date, or a survey, class or mode is unknown, or a number out of
        range.
    SourceError
        If a class gives no alerts in these nights.
    """
    pieces = simulate_pieces(
        night,
        survey=survey,
        n_objects=n_objects,
        rates=rates,
        inject=inject,
        seed=seed,
        nights=nights,
        stamps=stamps,
        n_stamped=n_stamped,
    )
    return Night.join(list(pieces))


class _Portions:
    """Hands out exact numbers from portions of any size."""

    def __init__(self, portions: Iterator[Candidates]) -> None:
        self._portions = portions
        self._left: Candidates | None = None

    def take(self, number: int) -> Candidates:
        parts = [] if self._left is None else [self._left]
        while sum(map(len, parts)) < number or not parts:
            parts.append(next(self._portions))
        together = Candidates.concat(parts)
        self._left = together.take(slice(number, None))
        return together.take(slice(0, number))


@dataclass(frozen=True)
class Sky:
    """A fixed population of objects that any night can be asked for.

    Parameters
    ----------
    seed : int
        Which sky.
    survey : {"ztf", "lsst"}
        Who looks at it.
    n_objects : int
        Ordinary objects that give an alert in an average night.
    rates, inject : mapping of str to int, optional
        Numbers of an average night by class, as in `simulate_night`.
    stamps : {"none", "pool", "individual"}
        See `simulate_night`.

    Notes
    -----
    The size of each class in the sky is set by how many of its objects are seen in four trial
    nights, so that numbers of single nights scatter around the average, with the weather as
    well as by chance.
    """

    seed: int
    survey: SurveyName = "ztf"
    n_objects: int = 600
    rates: Mapping[str, int] | None = None
    inject: Mapping[str, int] | None = None
    stamps: StampMode = "none"

    def night(self, night: int) -> Night:
        """Return the alerts of a night, written YYYYMMDD; there may be none in bad weather."""
        return Night.join(list(self.pieces(night)))

    def pieces(self, night: int, nights: int = 1) -> Iterator[Night]:
        """Yield the alerts of consecutive nights that end with `night`, in pieces of objects.

        Raises
        ------
        ConfigError
            As `simulate_night`.
        """
        inject = DEFAULT_INJECT if self.inject is None else self.inject
        counts = class_counts(self.n_objects, self.rates, inject)
        session = Session.of(self.survey, self.seed, night, nights, self.stamps, self)
        expected = sum(counts.values()) * nights
        n_pieces = max(-(-expected // _PIECE_OBJECTS[self.survey]), 1)
        for i in range(n_pieces):
            parts = [
                (name, self._seen(session, name, count, (i / n_pieces, (i + 1) / n_pieces)))
                for name, count in counts.items()
                if count
            ]
            if any(len(part) for _, part in parts):
                yield session.piece(parts)

    def _seen(
        self, session: Session, name: str, per_night: int, share: tuple[float, float]
    ) -> Candidates:
        """Objects of a class that the nights see, of a share of the list of the class."""
        known = CLASSES[name]
        layers = per_night / (share_seen(name, self.survey) * n_per_layer(known, (0, 0)))
        n_all = int(np.ceil(layers)) * n_per_layer(known, session.nights)
        start, stop = (int(n_all * edge) for edge in share)
        seen = []
        for low in range(start, max(stop, start + 1), _BATCH):
            index = np.arange(low, min(low + _BATCH, stop))
            candidates = candidates_at(known, self.seed, session.nights, index)
            layer = index // n_per_layer(known, session.nights)
            # A fraction of the last layer: by its keys, so that other nights agree.
            exists = Draws(candidates.keys).uniform("exists") < layers - layer
            seen.append(seen_in(known, session.schedule, session.tonight, candidates.take(exists)))
        return Candidates.concat(seen)


@lru_cache(maxsize=256)
def share_seen(name: str, survey: SurveyName) -> float:
    """Share of the list of a class that an average night sees, by trial."""
    known = CLASSES[name]
    found = trials = 0
    per_night = _FEWEST_TRIALS
    while found < _ENOUGH_SEEN and per_night <= _MOST_TRIALS:
        found = trials = 0
        for mjd in _TRIAL_NIGHTS_MJD:
            schedule = schedule_of(survey, _TRIAL_SEED, mjd, mjd)
            index = np.arange(per_night)
            candidates = candidates_at(known, _TRIAL_SEED, (mjd, mjd), index)
            found += len(seen_in(known, schedule, schedule.visits, candidates))
            trials += per_night
        per_night *= 4
    return max(found, 1) / trials
