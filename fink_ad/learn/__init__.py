"""From answers to a new order within seconds: settle, relearn, re-rank, publish, watch."""

from fink_ad.learn.answers import Teaching, labelled_alerts, teaching_answers
from fink_ad.learn.cache import Cache
from fink_ad.learn.launch import ensure_learner, learner_beside
from fink_ad.learn.publish import relearn_and_publish
from fink_ad.learn.relearn import relearn
from fink_ad.learn.settle import settle
from fink_ad.learn.superseded import Removed, remove_superseded
from fink_ad.learn.watch import Learner
from fink_ad.learn.whose import Whose

__all__ = [
    "Cache",
    "Learner",
    "Removed",
    "Teaching",
    "Whose",
    "ensure_learner",
    "labelled_alerts",
    "learner_beside",
    "relearn",
    "relearn_and_publish",
    "remove_superseded",
    "settle",
    "teaching_answers",
]
