"""A season played through the whole street, with a reviewer whose answers are simulated."""

from fink_ad.rehearsal.climb import Climb, Climbs, climbs
from fink_ad.rehearsal.oracle import Oracle, parse_oracle
from fink_ad.rehearsal.plot import season_figure
from fink_ad.rehearsal.queue import NightRanking, rank_night, strangest_unlabelled
from fink_ad.rehearsal.season import NightReport, Season, Shown, play, rehearsal_settings

__all__ = [
    "Climb",
    "Climbs",
    "NightRanking",
    "NightReport",
    "Oracle",
    "Season",
    "Shown",
    "climbs",
    "parse_oracle",
    "play",
    "rank_night",
    "rehearsal_settings",
    "season_figure",
    "strangest_unlabelled",
]
