"""Published orders: the ranking that the queue draws from, and a few before it."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, insert, select

from fink_ad.errors import StoreError
from fink_ad.store.order import Order
from fink_ad.store.records import Lease, NewOrder, OrderRecord
from fink_ad.store.repository.leases import check_lease
from fink_ad.store.repository.part import StorePart, columns_of, record_of
from fink_ad.store.tables import PublishedOrder
from fink_ad.store.upserts import table_of

__all__ = ["N_ORDERS", "Orders"]

N_ORDERS = 20
"""How many orders of one model are kept, the one in force included."""


class Orders(StorePart):
    """Published orders in the store."""

    def publish_order(self, new: NewOrder, lease: Lease | None = None) -> OrderRecord:
        """Put an order in force for its survey, population and reviewer; old ones go.

        Parameters
        ----------
        lease : Lease, optional
            Must still be in force when the order is stored.

        Raises
        ------
        LeaseLost
            If the lease is not in force any more; then nothing is published.
        StoreError
            If the revision is not known.
        """
        packed = new.order.to_bytes()
        table = table_of(PublishedOrder)
        now = self._clock()
        row = {name: value for name, value in vars(new).items() if name != "order"}
        row |= {"n_objects": len(new.order), "published_at": now, "columns": packed}
        of_model = _of_model(new.survey, new.population, new.reviewer_id)
        recent = (
            select(PublishedOrder.id)
            .where(*of_model)
            .order_by(PublishedOrder.id.desc())
            .limit(N_ORDERS)
        )
        with self.database.writing(f"orders {new.survey} {new.population}") as connection:
            check_lease(connection, lease, now)
            stored = insert(table).values(row).returning(*columns_of(PublishedOrder, OrderRecord))
            record = record_of(OrderRecord, connection.execute(stored).one())
            connection.execute(delete(table).where(*of_model, table.c.id.not_in(recent)))
        return record

    def latest_order(
        self, survey: str, population: str, reviewer_id: int | None = None
    ) -> OrderRecord | None:
        """Return the order in force without its columns, or None before the first."""
        query = (
            select(*columns_of(PublishedOrder, OrderRecord))
            .where(*_of_model(survey, population, reviewer_id))
            .order_by(PublishedOrder.id.desc())
            .limit(1)
        )
        with self.database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else record_of(OrderRecord, row)

    def order(self, order_id: int) -> Order:
        """Return the columns of a published order.

        Raises
        ------
        StoreError
            If it was never published, or newer ones have taken its place, or it is damaged.
        """
        query = select(PublishedOrder.columns).where(PublishedOrder.id == order_id)
        with self.database.reading() as connection:
            packed = connection.execute(query).scalar()
        if packed is None:
            raise StoreError(f"no order {order_id}: the {N_ORDERS} newest of a model are kept")
        return Order.from_bytes(packed)


def _of_model(
    survey: str, population: str, reviewer_id: int | None
) -> tuple[ColumnElement[bool], ...]:
    return (
        PublishedOrder.survey == survey,
        PublishedOrder.population == population,
        PublishedOrder.reviewer_id.is_not_distinct_from(reviewer_id),
    )
