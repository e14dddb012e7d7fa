"""The tables: what is kept, for whom, and where the stream stands.

Keys are 64-bit integers and strings, so that the same tables serve SQLite and PostgreSQL. Big
columns stand last: SQLite reads the others without following a blob's overflow pages.
"""

from fink_ad.store.tables.alerts import Candidate, KeptAlert
from fink_ad.store.tables.base import Base
from fink_ad.store.tables.models import Activation, Decision, Drift, Model, PublishedOrder, Revision
from fink_ad.store.tables.notifications import (
    ChatAccount,
    LinkCode,
    LinkTry,
    Notification,
    Subscription,
    Watch,
)
from fink_ad.store.tables.people import Label, LabelImport, Reviewer, Showing
from fink_ad.store.tables.stream import DeadLetter, HistoryPart, Ledger, NightCount
from fink_ad.store.tables.work import JobRun, Lease, Upgrade

__all__ = [
    "Activation",
    "Base",
    "Candidate",
    "ChatAccount",
    "DeadLetter",
    "Decision",
    "Drift",
    "HistoryPart",
    "JobRun",
    "KeptAlert",
    "Label",
    "LabelImport",
    "Lease",
    "Ledger",
    "LinkCode",
    "LinkTry",
    "Model",
    "NightCount",
    "Notification",
    "PublishedOrder",
    "Reviewer",
    "Revision",
    "Showing",
    "Subscription",
    "Upgrade",
    "Watch",
]
