"""The street through all rooms: `process`, and the loop around it."""

from fink_ad.pipeline.models import model_record
from fink_ad.pipeline.rank import RANKINGS, Ranking, Rankings, n_detections, process
from fink_ad.pipeline.run import run
from fink_ad.pipeline.scored import ScoredBatch
from fink_ad.pipeline.summary import RunSummary

__all__ = [
    "RANKINGS",
    "Ranking",
    "Rankings",
    "RunSummary",
    "ScoredBatch",
    "model_record",
    "n_detections",
    "process",
    "run",
]
