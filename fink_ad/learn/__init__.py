"""From answers to a new order within seconds: settle, relearn, re-rank, publish, watch."""

from fink_ad.learn.relearn import relearn
from fink_ad.learn.settle import settle

__all__ = ["relearn", "settle"]
