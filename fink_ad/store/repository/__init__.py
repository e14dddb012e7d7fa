"""The store as the street sees it: one class, one part of it per subject."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from fink_ad.store.database import open_database
from fink_ad.store.history import History
from fink_ad.store.repository.activations import Activations
from fink_ad.store.repository.answered import AnsweredShowings
from fink_ad.store.repository.archive import Archive
from fink_ad.store.repository.batches import Batches
from fink_ad.store.repository.candidates import Candidates
from fink_ad.store.repository.chats import Chats
from fink_ad.store.repository.counts import Counts
from fink_ad.store.repository.decisions import Decisions
from fink_ad.store.repository.drifts import Drifts
from fink_ad.store.repository.imports import Imports
from fink_ad.store.repository.jobs import Jobs
from fink_ad.store.repository.kept import Kept
from fink_ad.store.repository.kept_columns import KeptColumns
from fink_ad.store.repository.labels import Labels
from fink_ad.store.repository.leases import Leases
from fink_ad.store.repository.letters import Letters
from fink_ad.store.repository.models import Models
from fink_ad.store.repository.notifications import Notifications
from fink_ad.store.repository.orders import Orders
from fink_ad.store.repository.reviewers import Reviewers
from fink_ad.store.repository.showings import Showings
from fink_ad.store.repository.subscriptions import Subscriptions
from fink_ad.store.repository.superseded import Superseded
from fink_ad.store.repository.upkeep import Upkeep

__all__ = ["Store"]


class Store(
    Batches,
    Candidates,
    Kept,
    KeptColumns,
    Counts,
    Letters,
    Models,
    Activations,
    Superseded,
    Decisions,
    Drifts,
    Reviewers,
    Labels,
    Imports,
    Showings,
    AnsweredShowings,
    Orders,
    Leases,
    Jobs,
    Chats,
    Subscriptions,
    Notifications,
    Archive,
    Upkeep,
):
    """Everything that is remembered: tables, and the Parquet history beside them.

    `Store.open` opens one. It hands out and takes plain records, never rows of a table.
    """

    @classmethod
    def open(cls, home: Path, database: str | None = None) -> Self:
        """Open the store in a home folder, creating or upgrading its database.

        Parameters
        ----------
        home : pathlib.Path
            Folder of the history and, by default, of the SQLite file.
        database : str, optional
            URL of another database.

        Raises
        ------
        StoreError
            If the database cannot be reached, written, or understood.
        """
        return cls(open_database(database or home), History(home))

    def close(self) -> None:
        """Close the database and let others clear away orphans."""
        self.history.close()
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
