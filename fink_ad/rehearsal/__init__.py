"""A season played through the whole street, with reviewers whose answers are simulated."""

from fink_ad.rehearsal.climb import Climb, Climbs, climbs
from fink_ad.rehearsal.oracle import Oracle, parse_oracle
from fink_ad.rehearsal.playing import NightReport, play
from fink_ad.rehearsal.plot import season_figure
from fink_ad.rehearsal.ranking import NightRanking, rank_night
from fink_ad.rehearsal.season import Season, rehearsal_settings
from fink_ad.rehearsal.sitting import Shown, Sitting

__all__ = [
    "Climb",
    "Climbs",
    "NightRanking",
    "NightReport",
    "Oracle",
    "Season",
    "Shown",
    "Sitting",
    "climbs",
    "parse_oracle",
    "play",
    "rank_night",
    "rehearsal_settings",
    "season_figure",
]
