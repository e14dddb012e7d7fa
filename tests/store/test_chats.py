"""Accounts of the chat: linked by codes that serve once, for a while, after few tries."""

from datetime import UTC, datetime, timedelta

import pytest

from fink_ad.errors import StoreError
from fink_ad.store import ReviewerRecord, Store
from fink_ad.store.records.notifications import NewSubscription

TEN_MINUTES = timedelta(minutes=10)


@pytest.fixture
def maria(store: Store) -> ReviewerRecord:
    return store.add_reviewer("Maria")


def test_a_code_links_once(store: Store, maria):
    store.add_link_code(maria.id, "abc", TEN_MINUTES)
    assert store.chat_reviewer(5) is None
    assert store.link_chat(5, 5, "abc") == maria
    assert store.chat_reviewer(5) == maria
    assert store.link_chat(6, 6, "abc") == "unknown"
    assert store.chat_reviewer(6) is None
    assert [one.user_id for one in store.chat_accounts(maria.id)] == [5]


def test_a_code_ends(store: Store, maria):
    ends = store.add_link_code(maria.id, "abc", TEN_MINUTES)
    store._clock = lambda: ends
    assert store.link_chat(5, 5, "abc") == "unknown"


def test_tries_are_few(store: Store, maria):
    store.add_link_code(maria.id, "abc", timedelta(hours=3))
    now = datetime.now(UTC)
    store._clock = lambda: now
    assert [store.link_chat(5, 5, f"wrong{i}") for i in range(5)] == ["unknown"] * 5
    assert store.link_chat(5, 5, "abc") == "too many tries"
    assert store.link_chat(6, 6, "wrong") == "unknown"
    store._clock = lambda: now + timedelta(minutes=61)
    assert store.link_chat(5, 5, "abc") == maria


def test_the_retired_are_strangers(store: Store, maria):
    store.add_link_code(maria.id, "abc", TEN_MINUTES)
    store.link_chat(5, 5, "abc")
    store.retire_reviewer("Maria")
    assert store.chat_reviewer(5) is None
    with pytest.raises(StoreError, match="retired"):
        store.add_link_code(maria.id, "def", TEN_MINUTES)


def test_linking_anew_changes_who_one_is(store: Store, maria):
    julien = store.add_reviewer("Julien")
    for code, reviewer in (("abc", maria), ("def", julien)):
        store.add_link_code(reviewer.id, code, TEN_MINUTES)
        assert store.link_chat(5, 5, code) == reviewer
    store.unlink_chat(5)
    assert store.chat_reviewer(5) is None


def test_muting(store: Store, maria):
    until = datetime(2026, 3, 22, 20, tzinfo=UTC)
    with pytest.raises(StoreError, match="no reviewer"):
        store.mute_chat(5, until)
    store.add_link_code(maria.id, "abc", TEN_MINUTES)
    store.link_chat(5, 5, "abc")
    store.mute_chat(5, until)
    assert [one.muted_until for one in store.chat_accounts()] == [until]


def test_who_is_linked_anew_keeps_nothing_of_the_one_before(store: Store, maria):
    julien, chat = store.add_reviewer("Julien"), "telegram:5"
    for code, reviewer, n in (("abc", maria, 0), ("def", maria, 1), ("ghi", julien, 0)):
        store.add_link_code(reviewer.id, code, TEN_MINUTES)
        store.link_chat(5, 5, code)
        assert (len(store.watches()), len(store.subscriptions(chat))) == (n, n)
        store.add_watch(maria.id, chat, "ztf", "a", told=0)
        store.add_subscription(NewSubscription(chat, maria.id, "ztf", "transient"))
