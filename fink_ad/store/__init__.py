"""What is remembered: tables, Parquet history, migrations. The only SQL of the project."""

from fink_ad.store.blobs import (
    pack_alerts,
    pack_features,
    pack_stamps,
    unpack_alerts,
    unpack_features,
    unpack_stamps,
)
from fink_ad.store.database import (
    DatabaseStatus,
    backup,
    database_exists,
    open_database,
    status,
    upgrade,
)
from fink_ad.store.history import FilteredRows, History, ScoredRows
from fink_ad.store.history_queries import BestScores, HistoryRows
from fink_ad.store.records import (
    ANSWERS,
    ActiveModel,
    BatchRecord,
    CandidateRecord,
    CandidateView,
    CountKey,
    KeptFor,
    KeptRecord,
    LabelRecord,
    ModelRecord,
    NewLabel,
    PartRecord,
    ReviewerRecord,
    RevisionRecord,
)
from fink_ad.store.repository import Store
from fink_ad.store.repository.letters import StoredLetter
from fink_ad.store.repository.upkeep import Compaction, Purge
from fink_ad.store.sampling import in_random_share, reservoir_key, stable_hash
from fink_ad.store.seen import SeenAlerts

__all__ = [
    "ANSWERS",
    "ActiveModel",
    "BatchRecord",
    "BestScores",
    "CandidateRecord",
    "CandidateView",
    "Compaction",
    "CountKey",
    "DatabaseStatus",
    "FilteredRows",
    "History",
    "HistoryRows",
    "KeptFor",
    "KeptRecord",
    "LabelRecord",
    "ModelRecord",
    "NewLabel",
    "PartRecord",
    "Purge",
    "ReviewerRecord",
    "RevisionRecord",
    "ScoredRows",
    "SeenAlerts",
    "Store",
    "StoredLetter",
    "backup",
    "database_exists",
    "in_random_share",
    "open_database",
    "pack_alerts",
    "pack_features",
    "pack_stamps",
    "reservoir_key",
    "stable_hash",
    "status",
    "unpack_alerts",
    "unpack_features",
    "unpack_stamps",
    "upgrade",
]
