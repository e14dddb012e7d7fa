"""The published order comes back bit for bit, and the one in force is never lost."""

from dataclasses import fields

import numpy as np
import pytest
from sqlalchemy import update

from fink_ad.errors import StoreError
from fink_ad.store import Order, Store
from fink_ad.store.repository.orders import N_ORDERS
from fink_ad.store.tables import PublishedOrder


@pytest.fixture
def ready(store: Store, make) -> Store:
    store.register_model(make.model())
    return store


def bits(order: Order) -> list[bytes]:
    return [
        repr(column.tolist()).encode() if column.dtype == object else column.tobytes()
        for column in (getattr(order, field.name) for field in fields(order))
    ]


@pytest.mark.parametrize("n", [0, 1, 500])
def test_bit_for_bit(ready: Store, make, n):
    order = make.order(n)
    record = ready.publish_order(make.new_order(order=order, calibration={"n": 50}))
    assert ready.latest_order("ztf", "transient") == record
    assert (record.n_objects, record.revision_id) == (n, make.revision)
    assert record.calibration == {"n": 50}
    read = ready.order(record.id)
    assert bits(read) == bits(order)
    assert [column.dtype for column in vars(read).values()] == [
        column.dtype for column in vars(order).values()
    ]


def test_nothing_of_something(make):
    assert bits(Order.empty()) == bits(make.order(0))
    assert len(Order.empty()) == 0


def test_each_model_has_its_own(ready: Store, make):
    maria = ready.add_reviewer("Maria").id
    assert ready.latest_order("ztf", "transient") is None
    shared = ready.publish_order(make.new_order(label_position=4))
    hers = ready.publish_order(make.new_order(reviewer_id=maria))
    bodies = ready.publish_order(make.new_order(population="solar_system"))
    assert ready.latest_order("ztf", "transient") == shared
    assert ready.latest_order("ztf", "transient", maria) == hers
    assert ready.latest_order("ztf", "solar_system") == bodies
    assert (shared.label_position, hers.reviewer_id, hers.calibration) == (4, maria, None)


def test_old_orders_go_and_the_one_in_force_stays(ready: Store, make):
    maria = ready.add_reviewer("Maria").id
    hers = ready.publish_order(make.new_order(reviewer_id=maria))
    published = [ready.publish_order(make.new_order(label_position=n)) for n in range(N_ORDERS + 3)]
    for gone in published[:3]:
        with pytest.raises(StoreError, match=f"no order {gone.id}: the {N_ORDERS} newest"):
            ready.order(gone.id)
    for kept in (*published[3:], hers):
        assert len(ready.order(kept.id)) == 3
    assert ready.latest_order("ztf", "transient") == published[-1]


def test_of_an_unknown_revision(ready: Store, make):
    with pytest.raises(StoreError, match=r"(?i)foreign key"):
        ready.publish_order(make.new_order(revision_id="unheard of"))
    assert ready.latest_order("ztf", "transient") is None


def test_columns_that_are_no_order(make):
    with pytest.raises(StoreError, match=r"'night' of an order has shape \(2,\), not \(3,\)"):
        make.order(3, night=[1, 2])
    with pytest.raises(StoreError, match=r"place 3 \(score 2.0\) comes too late"):
        make.order(3, score=[3.0, 1.0, 2.0])
    with pytest.raises(StoreError, match="ties by alert id"):
        make.order(2, score=[1.0, 1.0], alert_id=[2, 1])
    with pytest.raises(StoreError, match="comes too late"):
        make.order(2, score=[1.0, np.nan])
    assert len(make.order(2, score=[1.0, 1.0], alert_id=[1, 2])) == 2


def test_a_damaged_order_is_named(ready: Store, make):
    record = ready.publish_order(make.new_order())
    for damaged in (b"", b"no arrow at all", make.order(3).to_bytes()[:-200]):
        with ready.database.writing() as connection:
            connection.execute(update(PublishedOrder).values(columns=damaged))
        with pytest.raises(StoreError, match=f"stored order of {len(damaged)} bytes is damaged"):
            ready.order(record.id)
