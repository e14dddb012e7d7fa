"""Which model is in force, and the way back."""

import pytest

from fink_ad.errors import StoreError
from fink_ad.store import ModelRecord, RevisionRecord, Store


def model(name: str, **changes) -> ModelRecord:
    values = {"survey": "ztf", "population": "transient", "provisional": False, "n_rows": 300}
    return ModelRecord(id=name, manifest={"seed": 1}, **(values | changes))


def active(store: Store) -> str | None:
    found = store.active_model("ztf", "transient")
    return found.revision.id if found else None


@pytest.fixture
def three(store: Store) -> Store:
    store.register_model(model("one"))
    for name in ("two", "three"):
        store.register_revision(RevisionRecord(name, "one", 5, {"weights": name}))
    return store


def test_nothing_is_in_force_at_first(three: Store):
    assert active(three) is None


def test_the_latest_activation_holds(three: Store):
    three.activate_model("one")
    three.activate_model("two")
    found = three.active_model("ztf", "transient")
    assert found is not None
    assert found.model == model("one")
    assert found.revision == RevisionRecord("two", "one", 5, {"weights": "two"})
    assert three.active_model("ztf", "solar_system") is None
    assert three.active_model("lsst", "transient") is None


def test_rollback_goes_back_step_by_step(three: Store):
    for name in ("one", "two", "three", "three"):
        three.activate_model(name)
    assert three.rollback_model("ztf", "transient").revision.id == "two"
    assert three.rollback_model("ztf", "transient").revision.id == "one"
    assert active(three) == "one"
    with pytest.raises(StoreError, match="no earlier ztf transient model"):
        three.rollback_model("ztf", "transient")
    assert active(three) == "one"


def test_rollback_then_forward(three: Store):
    three.activate_model("one")
    three.activate_model("two")
    three.rollback_model("ztf", "transient")
    three.activate_model("three")
    assert three.rollback_model("ztf", "transient").revision.id == "one"


def test_a_reviewers_own_model_stands_apart(three: Store):
    maria = three.add_reviewer("Maria")
    three.register_model(model("hers", reviewer_id=maria.id))
    three.activate_model("one")
    three.activate_model("hers")
    assert active(three) == "one"
    hers = three.active_model("ztf", "transient", maria.id)
    assert hers is not None
    assert hers.revision.id == "hers"


def test_registering_twice_changes_nothing(three: Store):
    three.register_model(model("one", n_rows=1))
    three.register_revision(RevisionRecord("two", "one", 99, {}))
    found = three.model("two")
    assert found is not None
    assert (found.model.n_rows, found.revision.n_labels) == (300, 5)
    assert three.model("unheard of") is None


def test_unknown_names_are_named(three: Store):
    with pytest.raises(StoreError, match="no model revision 'four'"):
        three.activate_model("four")
    with pytest.raises(StoreError, match="no model 'four' for revision 'five'"):
        three.register_revision(RevisionRecord("five", "four", 0, {}))


def test_a_revision_is_found_by_how_it_begins(three: Store):
    assert three.find_revision("on") == "one"
    for beginning, found in (("t", "more than one"), ("%", "no ")):
        with pytest.raises(StoreError, match=found):
            three.find_revision(beginning)


def test_a_whole_model_is_taken_back_with_all_its_revisions(store: Store):
    for name in ("old", "new"):
        store.register_model(model(name))
        store.activate_model(name)
        for number in (1, 2):
            store.register_revision(RevisionRecord(f"{name} {number}", name, number, {}))
            store.activate_model(f"{name} {number}")
    earlier = store.earlier_model("ztf", "transient")
    assert earlier is not None
    assert earlier.revision.id == "old 2"
    store.rollback_model("ztf", "transient", by="vera", whole=True)
    assert active(store) == "old 2"
    (decision,) = store.decisions()
    assert decision.verdict == "rolled back"
    assert (decision.contender, decision.incumbent) == ("old 2", "new 2")
    with pytest.raises(StoreError, match="no earlier ztf transient model"):
        store.rollback_model("ztf", "transient", whole=True)


def test_a_revision_of_a_model_that_was_replaced_meanwhile_stays_out(store: Store):
    for name in ("old", "new"):
        store.register_model(model(name))
        store.activate_model(name)
    store.register_revision(RevisionRecord("old 1", "old", 1, {}))
    with pytest.raises(StoreError, match="'old', which is not in force any more"):
        store.activate_model("old 1", replaces="old")
    assert active(store) == "new"
    store.register_revision(RevisionRecord("new 1", "new", 1, {}))
    store.activate_model("new 1", replaces="new")
