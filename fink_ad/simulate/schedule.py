"""When each field is visited, in which band and how deep.

Follows from the seed of the sky and the date alone, so that the history of a night is what
earlier nights saw.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts.schema import BANDS
from fink_ad.alerts.times import SECONDS_PER_DAY
from fink_ad.errors import ConfigError
from fink_ad.simulate.keyed import Draws, mix
from fink_ad.simulate.moon import moon_lit, moon_loss
from fink_ad.simulate.survey import Survey

__all__ = ["SLOTS", "Fields", "Schedule", "Visits", "night_to_mjd"]

Floats = NDArray[np.float64]

SLOTS = 4
"""Visit numbers are four times the date of the night, MJD, plus the turn in the night."""

_HOUR_ANGLE_H = 3.0
_SIDEREAL_HOUR_DEG = 15.04107
_BAD_NIGHT, _BAD_LOSS, _LOSS = 0.2, 0.85, 0.08
_MOON_REDDENS = 0.5
_MOON_AVOIDANCE_DEG = 25.0
_MOON_MAG = np.array([2.0, 1.5, 1.0, 0.7, 0.5, 0.4])  # lost to a full Moon, ugrizy
_EXTINCTION_MAG = np.array([0.45, 0.2, 0.1, 0.07, 0.06, 0.1])  # per airmass
_LIMIT_SCATTER_MAG = 0.1
_ZERO_POINT_MAG = 0.012


@dataclass(frozen=True, eq=False)
class Visits:
    """Visits to N objects or fields; all arrays are (n, n_visits), times ascending.

    Attributes
    ----------
    mjd : float64
        Middle of the exposure, MJD UTC.
    band : int64
        Code into `BANDS`.
    limit_mag : float64
        5-sigma limit of the difference image, AB.
    seeing_arcsec : float64
        Full width at half maximum.
    zero_point_mag : float64
        Error of the calibration, shared by all objects of a visit.
    number : int64
        Names a visit of a field: `SLOTS` times the night plus the turn.
    sequence : int64
        Rank of the exposure in its night.
    observed : bool
        False for padding.
    """

    mjd: Floats
    band: NDArray[np.int64]
    limit_mag: Floats
    seeing_arcsec: Floats
    zero_point_mag: Floats
    number: NDArray[np.int64]
    sequence: NDArray[np.int64]
    observed: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.mjd)

    @property
    def night_mjd(self) -> NDArray[np.int64]:
        """Date of the night of each visit, MJD."""
        return self.number // SLOTS

    def at(self, rows: NDArray[np.int64]) -> Visits:
        """Visits of some rows, which may repeat."""
        return Visits(**{one.name: getattr(self, one.name)[rows] for one in fields(self)})


@dataclass(frozen=True, eq=False)
class Fields:
    """Pointings that tile the sky in rings of declination."""

    centre_ra_deg: Floats
    centre_dec_deg: Floats
    ring_start: NDArray[np.int64]
    side_deg: float

    def __len__(self) -> int:
        return len(self.centre_ra_deg)

    @classmethod
    def tile(cls, side_deg: float) -> Fields:
        """Tile the whole sky with squares of about this side."""
        n_rings = int(np.ceil(180 / side_deg))
        dec = -90 + (np.arange(n_rings) + 0.5) * 180 / n_rings
        counts = np.maximum(np.ceil(360 * np.cos(np.radians(dec)) / side_deg), 1).astype(np.int64)
        start = np.concatenate([[0], np.cumsum(counts)])
        place = np.arange(start[-1]) - np.repeat(start[:-1], counts)
        ra = (place + 0.5) * 360 / np.repeat(counts, counts)
        return cls(ra, np.repeat(dec, counts), start, 180 / n_rings)

    def of(self, ra_deg: Floats, dec_deg: Floats) -> NDArray[np.int64]:
        """Return the number of the field each position is in."""
        n_rings = len(self.ring_start) - 1
        ring = np.clip(((dec_deg + 90) / self.side_deg).astype(np.int64), 0, n_rings - 1)
        counts = np.diff(self.ring_start)[ring]
        place = np.minimum((ra_deg / 360 * counts).astype(np.int64), counts - 1)
        number: NDArray[np.int64] = self.ring_start[ring] + place
        return number


@dataclass(frozen=True, eq=False)
class Schedule:
    """Visits of every field in some days."""

    survey: Survey
    fields: Fields
    visits: Visits

    @classmethod
    def draw(cls, survey: Survey, seed: int, first_mjd: int, last_mjd: int) -> Schedule:
        """Plan the nights of these dates, both included."""
        tiles = Fields.tile(survey.field_deg)
        days = np.arange(first_mjd, last_mjd + 1)
        world = np.full(len(tiles), seed, np.uint64)
        field = Draws(mix(world, np.arange(len(tiles)))).named("fields")
        nights = Draws(mix(np.full(len(days), seed, np.uint64), days)).named("nights")
        rank = _queue(survey, tiles, days, field)
        hour, band, planned, sequence = _turns(survey, nights, field.at(days), rank, moon_lit(days))

        shape = hour.shape
        number = np.broadcast_to(days[:, None] * SLOTS + np.arange(shape[2]), shape)
        visit = Draws(mix(field.keys[:, None, None], number))
        mjd = np.round((days[:, None] + hour / 24) * SECONDS_PER_DAY) / SECONDS_PER_DAY
        ra, dec = tiles.centre_ra_deg[:, None, None], tiles.centre_dec_deg[:, None, None]
        midnight = days[:, None] + np.mean(survey.night_hours) / 24
        glow, separation = moon_loss(midnight, ra, dec)
        lost = np.where(nights.chance("bad", _BAD_NIGHT), _BAD_LOSS, _LOSS)
        begun = (days >= survey.start_mjd)[:, None]
        observed = planned & begun & ~visit.chance("lost", lost[:, None])
        observed &= separation > _MOON_AVOIDANCE_DEG

        night_seeing = nights.lognormal("seeing", survey.seeing_arcsec, 0.15)
        seeing = night_seeing[:, None] * visit.lognormal("seeing", 1.0, 0.1)
        distance = np.radians(dec - survey.latitude_deg)  # at the meridian
        airmass = np.minimum(1 / np.maximum(np.cos(distance), 0.3), 3.0)
        limit = (
            survey.depths[band]
            - _MOON_MAG[band] * glow
            - _EXTINCTION_MAG[band] * (airmass - 1)
            - 2.5 * np.log10(seeing / survey.seeing_arcsec)
            + visit.normal("limit", 0, _LIMIT_SCATTER_MAG)
        )
        table = {
            "mjd": mjd + survey.exposure_s / 2 / SECONDS_PER_DAY,
            "band": band,
            "limit_mag": limit,
            "seeing_arcsec": seeing,
            "zero_point_mag": visit.normal("zero point", 0, _ZERO_POINT_MAG),
            "number": number,
            "sequence": sequence,
        }
        return cls(survey, tiles, _compact(table, observed))

    def part(self, first_mjd: int, last_mjd: int) -> Visits:
        """Visits of every field in the nights of some dates, both included."""
        visits = self.visits
        inside = (visits.night_mjd >= first_mjd) & (visits.night_mjd <= last_mjd)
        names = [one.name for one in fields(visits) if one.name != "observed"]
        return _compact({name: getattr(visits, name) for name in names}, visits.observed & inside)


def _queue(
    survey: Survey, tiles: Fields, days: NDArray[np.int64], field: Draws
) -> NDArray[np.int64]:
    """Rank the fields each night visits from west to east, (n_fields, n_days); -1 if left out."""
    start, stop = survey.night_hours
    sidereal = 280.46062 + 360.98564737 * (days + start / 24 - 51544.5) + survey.longitude_deg
    # Hours from the beginning of the night to the transit, in the day around its middle.
    transit = (tiles.centre_ra_deg[:, None] - sidereal) % 360 / _SIDEREAL_HOUR_DEG
    day, middle = 360 / _SIDEREAL_HOUR_DEG, (stop - start) / 2
    transit = np.where(transit > middle + day / 2, transit - day, transit)
    south, north = survey.dec_deg
    inside = (tiles.centre_dec_deg > south) & (tiles.centre_dec_deg < north)
    visible = inside[:, None] & (np.abs(transit - middle) < middle + _HOUR_ANGLE_H)
    if survey.alternate:
        turns = round(1 / survey.open_share)
        opened = (days + field.integers("turn", 0, turns)[:, None]) % turns == 0
    else:
        opened = field.at(days).chance("opened", survey.open_share)
    chosen = visible & opened
    rank = np.argsort(np.argsort(np.where(chosen, transit, np.inf), axis=0), axis=0)
    return np.where(chosen, rank, -1)


def _turns(
    survey: Survey, nights: Draws, each: Draws, rank: NDArray[np.int64], moon: Floats
) -> tuple[Floats, NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
    """Give every visit its hour, band and place in the night, (n_fields, n_days, n_turns).

    Fields are observed in blocks: all of a block in one filter, then again in the next. Blocks
    are spread over the night; what does not fit is left out.
    """
    start, stop = survey.night_hours
    n_turns = 3 if survey.third_share else 2
    turn = np.arange(n_turns)
    block, place = np.divmod(rank, survey.block)
    n_blocks = block.max(axis=0) + 1
    turn_h = survey.block * survey.visit_s / 3600
    pace_h = np.maximum((stop - start) / np.maximum(n_blocks, 1), n_turns * turn_h)
    hour = start + (block * pace_h)[:, :, None] + turn * turn_h
    hour = hour + (place * survey.visit_s / 3600)[:, :, None]
    planned = (rank >= 0)[:, :, None] & (hour < stop + turn_h)
    planned = planned & ((turn < 2) | each.chance("third", survey.third_share)[:, :, None])

    # The pairs go from blue to red, and dark time to the blue ones.
    codes = np.array([[BANDS.index(band) for band in pair] for pair in survey.pairs])
    redness = Draws(mix(nights.keys, block)).uniform("filters")
    redness = np.clip(redness + _MOON_REDDENS * (moon - 0.5), 0, 0.999)
    pair = (redness * len(codes)).astype(np.int64)
    band = np.concatenate([codes[pair], np.full((*rank.shape, 1), BANDS.index("i"))], axis=2)
    sequence = (block[:, :, None] * n_turns + turn) * survey.block + place[:, :, None]
    return hour, band[:, :, :n_turns], planned, sequence


def _compact(table: dict[str, NDArray[Any]], observed: NDArray[np.bool_]) -> Visits:
    """Keep the visits that took place, (n_fields, most visits of a field), padded at the end."""
    n_fields = len(observed)
    seen = observed.reshape(n_fields, -1)
    n_most = max(int(seen.sum(axis=1).max()), 1)
    order = np.argsort(~seen, axis=1, kind="stable")[:, :n_most]
    flat = {
        name: np.take_along_axis(values.reshape(n_fields, -1), order, axis=1)
        for name, values in table.items()
    }
    kept = np.take_along_axis(seen, order, axis=1)
    # Padding repeats no night: a number of zero is before any survey.
    flat["number"] = np.where(kept, flat["number"], 0)
    return Visits(**flat, observed=kept)


def night_to_mjd(night: int) -> int:
    """MJD of the date of a night written YYYYMMDD.

    Raises
    ------
    ConfigError
        If there is no such date.
    """
    try:
        day = datetime.date(night // 10000, night // 100 % 100, night % 100)
    except ValueError as error:
        raise ConfigError(f"night {night} is not a date; write YYYYMMDD, as 20260301") from error
    return day.toordinal() - datetime.date(1858, 11, 17).toordinal()
