"""Where the planted objects of a night stand before and after the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fink_ad.config import Settings
from fink_ad.forest import Model
from fink_ad.rehearsal.playing import NightReport
from fink_ad.rehearsal.ranking import rank_night
from fink_ad.rehearsal.season import Season
from fink_ad.store import Store

__all__ = ["Climb", "Climbs", "climbs"]


@dataclass(frozen=True)
class Climb:
    """A planted object's rank among the objects of a night, 1 for the strangest.

    Attributes
    ----------
    before, after : int
        By the first model, which had no answers, and by the one the night was ranked with.
    answered : bool
        Whether it was answered in an earlier night: then its climb proves little.
    """

    object_id: str
    kind: str
    before: int
    after: int
    answered: bool


@dataclass(frozen=True)
class Climbs:
    """All planted objects of a night, in order of their rank after the answers."""

    night: int
    n_objects: int
    objects: Sequence[Climb]

    def n_within(self, rank: int) -> tuple[int, int]:
        """Count those never answered that are among the first `rank`, before and after."""
        new = [one for one in self.objects if not one.answered]
        return sum(one.before <= rank for one in new), sum(one.after <= rank for one in new)


def climbs(season: Season, reports: Sequence[NightReport], settings: Settings) -> Climbs:
    """Compare the first model of a season with the one its last night was ranked with.

    That one learned from the answers of the nights before, and of no other: what is new in the
    last night has taught it nothing.

    Raises
    ------
    ModelError
        If one of the models cannot be read.
    """
    night = reports[-1].night
    answered = {one.object_id for report in reports[:-1] for one in report.shown}
    with Store.open(settings.home) as store:
        first, last = (
            rank_night(store, Model.load(settings.models_dir / report.model_revision), night)
            for report in (reports[0], reports[-1])
        )
    before, after = first.ranks(season.planted), last.ranks(season.planted)
    objects = [
        Climb(one, season.kinds[one], before[one], rank, one in answered)
        for one, rank in after.items()
    ]
    return Climbs(night, len(last), sorted(objects, key=lambda one: one.after))
