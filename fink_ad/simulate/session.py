"""Nights of one sky, ready to be looked at piece by piece."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from fink_ad.alerts.times import night_of
from fink_ad.errors import ConfigError
from fink_ad.simulate.candidates import Candidates
from fink_ad.simulate.cutouts import StampMode, chosen_alerts, stamps_of
from fink_ad.simulate.lsst_packets import lsst_packets
from fink_ad.simulate.night import Night, truth_table
from fink_ad.simulate.population import Population
from fink_ad.simulate.rows import Rows
from fink_ad.simulate.schedule import Schedule, Visits, night_to_mjd
from fink_ad.simulate.survey import SURVEYS, Survey, SurveyName, survey_called
from fink_ad.simulate.ztf_packets import ztf_packets

__all__ = ["Session", "schedule_of"]


@dataclass(frozen=True, eq=False)
class Session:
    """Nights of one survey and sky, ready to be looked at piece by piece."""

    survey: Survey
    seed: int
    nights: tuple[int, int]
    schedule: Schedule
    tonight: Visits
    stamps: StampMode
    sync: bytes

    @classmethod
    def of(
        cls,
        survey: SurveyName,
        seed: int,
        night: int,
        nights: int,
        stamps: StampMode,
        options: object,
    ) -> Session:
        """Plan consecutive nights that end with one written YYYYMMDD.

        Raises
        ------
        ConfigError
            If the night is no date or before the survey, or a number is out of range.
        """
        if nights < 1 or seed < 0:
            raise ConfigError(f"nights={nights} must be at least 1 and seed={seed} not negative")
        known = survey_called(survey)
        last = night_to_mjd(night)
        first = last - nights + 1
        if first < known.start_mjd:
            raise ConfigError(f"night {night} is too early: the simulated {survey} began later")
        schedule = schedule_of(survey, seed, first - known.history_days, last)
        marker = repr((survey, seed, night, nights, options)).encode()
        return cls(
            survey=known,
            seed=seed,
            nights=(first, last),
            schedule=schedule,
            tonight=schedule.part(first, last),
            stamps=stamps,
            sync=hashlib.blake2b(marker, digest_size=16).digest(),
        )

    def piece(self, parts: list[tuple[str, Candidates]], n_stamped: int | None = None) -> Night:
        """Make the alerts of some objects that are seen in the nights."""
        population = Population.observe(self.schedule, parts)
        rows = Rows.of(population, self.nights, self.survey.history_days)
        chosen = chosen_alerts(len(rows.alert), n_stamped)
        stamps = stamps_of(self.survey, population, rows, self.stamps, chosen)
        encode = ztf_packets if self.survey.name == "ztf" else lsst_packets
        packets = encode(population, rows, self.seed, stamps)
        row = rows.alert
        mjd = population.visits.mjd[rows.obj[row], rows.visit[row]]
        return Night(
            bodies=packets.bodies,
            night=night_of(mjd, self.survey.name),
            truth=truth_table(population, rows, packets),
            sync=self.sync,
            mjd=mjd,
            survey=self.survey.name,
        )


@lru_cache(maxsize=4)
def schedule_of(survey: SurveyName, seed: int, first_mjd: int, last_mjd: int) -> Schedule:
    """Plan a survey between two dates, both included, once."""
    return Schedule.draw(SURVEYS[survey], seed, first_mjd, last_mjd)
