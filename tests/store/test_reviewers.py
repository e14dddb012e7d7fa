"""Who may answer, and what is known of them."""

import pytest

from fink_ad.errors import StoreError
from fink_ad.store import Store


def test_a_new_reviewer(store: Store):
    maria = store.add_reviewer("Maria")
    assert (maria.name, maria.active, maria.role, maria.personal) == (
        "Maria",
        True,
        "reviewer",
        False,
    )
    john = store.add_reviewer("John", role="operator", personal=True)
    assert (john.role, john.personal) == ("operator", True)
    assert store.find_reviewer("John") == john
    assert store.reviewers() == (john, maria)


def test_coming_back_changes_only_what_is_said(store: Store):
    john = store.add_reviewer("John", role="operator", personal=True)
    store.retire_reviewer("John")
    assert not store.find_reviewer("John").active
    assert store.add_reviewer("John") == john
    assert store.add_reviewer("John", personal=False).personal is False
    assert store.find_reviewer("John").role == "operator"


def test_changing_one(store: Store):
    store.add_reviewer("Maria")
    changed = store.change_reviewer("Maria", personal=True)
    assert (changed.role, changed.personal) == ("reviewer", True)
    changed = store.change_reviewer("Maria", role="operator")
    assert (changed.role, changed.personal) == ("operator", True)
    assert store.change_reviewer("Maria") == changed


def test_capitals_make_nobody_else(store: Store):
    store.add_reviewer("Maria")
    with pytest.raises(StoreError, match="'MARIA' is 'Maria' but for capitals"):
        store.add_reviewer("MARIA")
    assert [one.name for one in store.reviewers()] == ["Maria"]


def test_who_is_not_there(store: Store):
    with pytest.raises(StoreError, match="no reviewer 'Vera'; there are none yet"):
        store.find_reviewer("Vera")
    for name in ("Maria", "John"):
        store.add_reviewer(name)
    for ask in (store.find_reviewer, store.change_reviewer, store.retire_reviewer):
        with pytest.raises(StoreError, match="no reviewer 'Vera'; there are 'John', 'Maria'"):
            ask("Vera")


def test_what_makes_no_sense(store: Store):
    with pytest.raises(StoreError, match="role 'king' is not one of reviewer, operator"):
        store.add_reviewer("Maria", role="king")
    with pytest.raises(StoreError, match="needs a name"):
        store.add_reviewer(" ")
    assert store.reviewers() == ()
