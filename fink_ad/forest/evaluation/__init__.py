"""How many answers a discovery costs: learners replayed on tables whose answers are known."""

from fink_ad.forest.evaluation.benchmark import BenchmarkResult, Settings, benchmark
from fink_ad.forest.evaluation.contestants import CONTESTANTS, Contestant, Search
from fink_ad.forest.evaluation.replay import Replay, replay
from fink_ad.forest.evaluation.tables import LabelledTable

__all__ = [
    "CONTESTANTS",
    "BenchmarkResult",
    "Contestant",
    "LabelledTable",
    "Replay",
    "Search",
    "Settings",
    "benchmark",
    "replay",
]
