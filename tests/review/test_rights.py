"""Who was removed is refused at the moment of writing, whatever the screen still shows."""

from collections.abc import Callable

import pytest

from fink_ad.config import Settings
from fink_ad.errors import StoreError
from fink_ad.review import Queue, record, show_again, undo
from fink_ad.review.accounts import link_account, new_link_code
from fink_ad.review.subscriptions import read_subscription
from fink_ad.store import ReviewerRecord, Showing, Store

Write = Callable[[Store, ReviewerRecord, Showing], object]


def subscribe(store: Store, vera: ReviewerRecord, _: Showing) -> object:
    wish = read_subscription("rarity=100", "chat:1", vera.id, "ztf", "transient")
    return store.add_subscription(wish)


WRITES: dict[str, Write] = {
    "answer, tags and note": lambda store, _, showing: record(
        store, showing, "anomaly", tags=["odd"], note="why"
    ),
    "undo": lambda store, vera, _: undo(store, vera),
    "show again": lambda store, vera, showing: show_again(
        store, store.labels(reviewer_id=vera.id)[0], "page", 60
    ),
    "skip": lambda store, _, showing: Queue(store, Settings()).skip(showing),
    "link a chat": lambda store, vera, _: new_link_code(store, vera),
    "subscribe": subscribe,
    "watch": lambda store, vera, showing: store.add_watch(
        vera.id, "chat:1", "ztf", showing.object_id, showing.alert_id
    ),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("removed", [False, True], ids=["stays", "is removed"])
def test_who_is_removed_writes_nothing_more(
    store: Store, strangest, show, write: Write, removed: bool
) -> None:
    vera = store.add_reviewer("vera")
    record(store, show(strangest[0], vera.id), "ordinary")
    showing = show(strangest[1], vera.id)
    before = (store.labels(), store.showings())
    if not removed:
        write(store, vera, showing)
        return
    store.retire_reviewer("vera")  # after the page was drawn
    with pytest.raises(StoreError, match="is retired and may not"):
        write(store, vera, showing)
    assert (store.labels(), store.showings()) == before
    assert not store.subscriptions()
    assert not store.watches()


def test_a_code_made_before_links_nobody_who_is_removed(store: Store) -> None:
    code = new_link_code(store, store.add_reviewer("vera")).code
    store.retire_reviewer("vera")
    with pytest.raises(StoreError, match="is retired"):
        link_account(store, 7, 7, code)
    assert not store.chat_accounts()


def test_who_comes_second_is_not_first(store: Store) -> None:
    store.add_reviewer("vera")
    with pytest.raises(StoreError, match="somebody reviews here already"):
        store.add_first_reviewer("eve")
    store.retire_reviewer("vera")
    with pytest.raises(StoreError, match="somebody reviews here already"):
        store.add_first_reviewer("vera")
    assert [(one.name, one.active) for one in store.reviewers()] == [("vera", False)]
