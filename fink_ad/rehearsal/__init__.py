"""A season played through the whole street, with a reviewer whose answers are simulated."""

from fink_ad.rehearsal.oracle import Oracle
from fink_ad.rehearsal.plot import season_figure
from fink_ad.rehearsal.queue import NightRanking, rank_night, strangest_unlabelled
from fink_ad.rehearsal.season import NightReport, Season, Shown, play

__all__ = [
    "NightRanking",
    "NightReport",
    "Oracle",
    "Season",
    "Shown",
    "play",
    "rank_night",
    "season_figure",
    "strangest_unlabelled",
]
