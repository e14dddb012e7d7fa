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
