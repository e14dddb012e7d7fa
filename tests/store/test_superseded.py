"""Few of the many revisions are needed again, and those are never named as superseded."""

import pytest

from fink_ad.store import ModelRecord, NewDecision, RevisionRecord, Store
from fink_ad.store.repository.superseded import N_REVISIONS


def model(name: str, **changes) -> ModelRecord:
    values = {"survey": "ztf", "population": "transient", "provisional": False, "n_rows": 300}
    return ModelRecord(id=name, manifest={}, **(values | changes))


@pytest.fixture
def revised(store: Store) -> Store:
    """Two models, one after the other, each with thirty revisions in force in their turn."""
    for name in ("a", "b"):
        store.register_model(model(name))
        store.activate_model(name)
        for n in range(30):
            store.register_revision(RevisionRecord(f"{name}{n}", name, n, {}))
            store.activate_model(f"{name}{n}")
    return store


def test_what_was_in_force_lately_stays(revised: Store):
    superseded = set(revised.superseded_revisions())
    assert superseded == {f"a{n}" for n in range(29)} | {f"b{n}" for n in range(30 - N_REVISIONS)}


def test_what_rollbacks_lead_to_stays(revised: Store):
    revised.register_model(model("c"))
    revised.activate_model("c")
    assert not {"a29", "b29"} & set(revised.superseded_revisions())
    for expected in ("b29", "a29"):
        back = revised.rollback_model("ztf", "transient", whole=True)
        assert back.revision.id == expected
        assert expected not in revised.superseded_revisions()


def test_what_a_decision_names_stays(revised: Store):
    for verdict, contender, incumbent in (
        ("not promoted", "b1", "a3"),
        ("not enough evidence", "b2", None),
    ):
        revised.add_decision(
            NewDecision(contender, incumbent, "ztf", "transient", verdict, "gate")  # type: ignore[arg-type]
        )
    assert not {"b1", "b2", "a3"} & set(revised.superseded_revisions())


def test_everybody_has_their_own_latest(revised: Store):
    maria = revised.add_reviewer("Maria")
    revised.register_model(model("hers", reviewer_id=maria.id))
    revised.register_revision(RevisionRecord("hers1", "hers", 1, {}))
    before = set(revised.superseded_revisions())
    assert "hers1" in before  # it never was in force
    revised.activate_model("hers1")
    assert set(revised.superseded_revisions()) == before - {"hers1"}


def test_nothing_is_superseded_at_first(store: Store):
    assert store.superseded_revisions() == ()
    store.register_model(model("a"))
    assert store.superseded_revisions() == ()
