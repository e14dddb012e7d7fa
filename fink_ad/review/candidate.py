"""What is known of one candidate: all that a page, a picture or a terminal shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fink_ad.alerts import AlertBatch
from fink_ad.forest import ToldFeature
from fink_ad.review.links import Link
from fink_ad.review.neighbourhood import Neighbour
from fink_ad.store import Showing

__all__ = ["Candidate", "ObjectAlert", "Opinion", "Strangeness"]


@dataclass(frozen=True)
class Strangeness:
    """How strange an alert is under a model revision.

    Attributes
    ----------
    score : float
        Higher = stranger.
    one_in, beyond, provisional : float, bool, bool
        Rarity "1 in `one_in`" among peers, or rarer than that if `beyond`; NaN if unknown.
        Provisional if counted against few alerts.
    revision : str
        The model revision.
    """

    score: float
    one_in: float
    beyond: bool
    provisional: bool
    revision: str


@dataclass(frozen=True)
class Opinion:
    """What a reviewer last said of the object."""

    reviewer: str
    answer: str
    tags: tuple[str, ...]
    note: str
    answered_at: datetime


@dataclass(frozen=True)
class ObjectAlert:
    """Another kept alert of the same object; `mag` as in `Candidate`."""

    alert_id: int
    night: int
    mjd_utc: float
    band: str
    mag: float
    n_det: int
    score: float


@dataclass(frozen=True, eq=False)
class Candidate:
    """One alert with all that is needed to judge it. Texts of packets and people are untrusted.

    Attributes
    ----------
    alert : AlertBatch
        The alert with its light curve, one row.
    seen_at, age : datetime.datetime, datetime.timedelta
        Middle of the exposure, UTC, and how long ago that was.
    ra_deg, dec_deg, l_deg, b_deg : float
        Equatorial (ICRS) and Galactic position.
    mag, below : float, bool
        AB magnitude of the absolute difference flux; if `below`, the source was fainter than in
        the reference image.
    p_interesting, n_calibration : float or None, int
        Calibrated probability that a reviewer calls it an anomaly, and the answers it rests on;
        None while there are too few.
    showing : Showing or None
        Why it was drawn for this reviewer.
    stamps : mapping of str to bytes or None
        Science, template and difference as the packet had them.
    features : tuple of ToldFeature
        What makes it strange, strongest first.
    mine : Opinion or None
        This reviewer's answer, if given since the candidate was drawn.
    others : tuple of Opinion or None
        What other reviewers said; None while hidden: not asked for, or not answered yet.
    times_listed : int
        Nights of the last 90 days on which the object was a candidate, this one included.
    times_shown : int
        How often the object was drawn for this reviewer, this time included.
    object_alerts : tuple of ObjectAlert
        All kept alerts of the object, this one included, oldest first; of many the latest.
    """

    survey: str
    alert_id: int
    object_id: str
    population: str
    night: int
    alert: AlertBatch = field(repr=False)
    seen_at: datetime
    age: timedelta
    ra_deg: float
    dec_deg: float
    l_deg: float
    b_deg: float
    band: str
    mag: float
    below: bool
    n_det: int
    strangeness: Strangeness
    p_interesting: float | None
    n_calibration: int
    showing: Showing | None
    tags: tuple[str, ...]
    broker_classes: tuple[str, ...]
    stamps: Mapping[str, bytes | None] = field(repr=False)
    features: tuple[ToldFeature, ...]
    neighbours: tuple[Neighbour, ...]
    mine: Opinion | None
    others: tuple[Opinion, ...] | None
    times_listed: int
    times_shown: int
    object_alerts: tuple[ObjectAlert, ...]
    links: tuple[Link, ...]
