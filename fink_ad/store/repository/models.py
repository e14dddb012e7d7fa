"""Models and their revisions: names and manifests."""

from __future__ import annotations

from sqlalchemy import Connection, select

from fink_ad.errors import StoreError
from fink_ad.store.records import ActiveModel, ModelRecord, RevisionRecord
from fink_ad.store.repository.part import StorePart, columns_of, record_of
from fink_ad.store.tables import Model, Revision
from fink_ad.store.upserts import upsert

__all__ = ["Models", "revision_and_model"]


class Models(StorePart):
    """Models in the store: names and manifests; their arrays are in the model folders."""

    def register_model(self, model: ModelRecord) -> None:
        """Add a model, with a first revision of the same id that no answer has shaped yet.

        A model that is known stays as it is.
        """
        created = {"created_at": self._clock()}
        first = RevisionRecord(id=model.id, model_id=model.id, n_labels=0, manifest={})
        with self.database.writing() as connection:
            upsert(connection, Model, [vars(model) | created])
            upsert(connection, Revision, [vars(first) | created])

    def register_revision(self, revision: RevisionRecord) -> None:
        """Add a revision of a known model; a revision that is known stays as it is.

        Raises
        ------
        StoreError
            If the model is not known.
        """
        with self.database.writing() as connection:
            known = select(Model.id).where(Model.id == revision.model_id)
            if connection.execute(known).scalar() is None:
                raise StoreError(
                    f"no model {revision.model_id!r} for revision {revision.id!r};"
                    " register the model first"
                )
            upsert(connection, Revision, [vars(revision) | {"created_at": self._clock()}])

    def model(self, revision_id: str) -> ActiveModel | None:
        """Return a revision with its model, in force or not; None if there is no such revision.

        ``activated_at`` is when the revision was made.
        """
        query = select(Revision.created_at).where(Revision.id == revision_id)
        with self.database.reading() as connection:
            created_at = connection.execute(query).scalar()
            if created_at is None:
                return None
            return ActiveModel(*revision_and_model(connection, revision_id), created_at)

    def find_revision(self, beginning: str) -> str:
        """Return the id of the one revision whose id begins like this.

        Raises
        ------
        StoreError
            If there is none, or there are several.
        """
        query = select(Revision.id).where(Revision.id.startswith(beginning, autoescape=True))
        with self.database.reading() as connection:
            found = list(connection.execute(query.limit(2)).scalars())
        if len(found) != 1:
            many = "more than one model revision" if found else "no model revision"
            raise StoreError(f"{many} in the store begins with {beginning!r}")
        return found[0]


def revision_and_model(
    connection: Connection, revision_id: str
) -> tuple[RevisionRecord, ModelRecord]:
    """Return a revision with its model, in a transaction that may also put it in force."""
    query = select(*columns_of(Revision, RevisionRecord)).where(Revision.id == revision_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise StoreError(f"no model revision {revision_id!r} in the store; register it first")
    revision = record_of(RevisionRecord, row)
    query = select(*columns_of(Model, ModelRecord)).where(Model.id == revision.model_id)
    return revision, record_of(ModelRecord, connection.execute(query).one())
