"""What was decided of models, and what came of it; drift."""

from dataclasses import replace

import pytest

from fink_ad.errors import StoreError
from fink_ad.store import DriftRecord, NewDecision, RevisionRecord, Store


@pytest.fixture
def two(timed: Store, make) -> Store:
    timed.register_model(make.model("old"))
    timed.register_model(make.model("new"))
    timed.activate_model("old")
    return timed


PROMOTED = NewDecision(
    "new", "old", "ztf", "transient", "promoted", "gate", figures={"precision_10": [0.5, 0.3]}
)


def active(store: Store, reviewer_id: int | None = None) -> str | None:
    found = store.active_model("ztf", "transient", reviewer_id)
    return found.revision.id if found else None


def test_promoted_with_its_grounds(two: Store, hand_clock):
    decided = two.promote(PROMOTED)
    assert active(two) == "new"
    assert {name: vars(decided)[name] for name in vars(PROMOTED)} == vars(PROMOTED)
    assert decided.decided_at == hand_clock.now
    assert two.decisions() == two.decisions("ztf", "transient") == (decided,)
    assert two.decisions("lsst") == two.decisions(population="solar_system") == ()


def test_the_same_again_is_noted_once(two: Store):
    again = replace(PROMOTED, verdict="not promoted")
    first = two.add_decision(again)
    assert two.add_decision(replace(again, figures={"precision_10": [0.5, 0.4]})) == first
    assert two.add_decision(replace(again, verdict="not enough evidence")) != first
    assert two.add_decision(again) != first
    assert len(two.decisions()) == 3


@pytest.mark.parametrize("verdict", ["not promoted", "not enough evidence"])
def test_what_is_not_promoted_stays_out(two: Store, verdict):
    decision = replace(PROMOTED, verdict=verdict)
    with pytest.raises(StoreError, match=f"'new' was {verdict}: it stays out of force"):
        two.promote(decision)
    assert two.decisions() == ()
    assert two.add_decision(decision).verdict == verdict
    assert active(two) == "old"


def test_a_rollback_is_a_decision(two: Store):
    two.promote(PROMOTED)
    assert two.rollback_model("ztf", "transient", by="Vera").revision.id == "old"
    _, back = two.decisions()
    assert (back.verdict, back.contender, back.incumbent, back.by) == (
        "rolled back",
        "old",
        "new",
        "Vera",
    )


@pytest.mark.parametrize("loss", ["is removed", "gets another role", "never was"])
def test_who_is_no_operator_at_that_moment_decides_nothing(two: Store, loss: str):
    vera = two.add_reviewer("Vera", role="operator")
    two.promote(PROMOTED, operator_id=vera.id)
    before = two.decisions()
    if loss == "is removed":
        two.retire_reviewer("Vera")
    elif loss == "gets another role":
        two.change_reviewer("Vera", role="reviewer")
    number = vera.id + 1 if loss == "never was" else vera.id
    with pytest.raises(StoreError, match="is no operator"):
        two.rollback_model("ztf", "transient", by="Vera", operator_id=number)
    with pytest.raises(StoreError, match="is no operator"):
        two.promote(replace(PROMOTED, contender="old", incumbent="new"), operator_id=number)
    assert active(two) == "new"
    assert two.decisions() == before


def test_a_decision_about_something_else_changes_nothing(two: Store):
    with pytest.raises(StoreError, match=r"is of \('ztf', 'transient', None\)"):
        two.promote(replace(PROMOTED, population="solar_system"))
    with pytest.raises(StoreError, match="no model revision 'unheard of'"):
        two.promote(replace(PROMOTED, incumbent="unheard of"))
    with pytest.raises(StoreError, match="verdict 'perhaps' is not one of promoted"):
        two.add_decision(replace(PROMOTED, verdict="perhaps"))
    assert active(two) == "old"
    assert two.decisions() == ()


def test_own_weights_on_shared_trees(two: Store, make):
    maria, john = (two.add_reviewer(name).id for name in ("Maria", "John"))
    two.register_revision(RevisionRecord("hers", "old", 5, {}))
    two.activate_model("hers", reviewer_id=maria)
    assert (active(two), active(two, maria), active(two, john)) == ("old", "hers", None)
    two.promote(replace(PROMOTED, reviewer_id=maria))
    assert (active(two), active(two, maria)) == ("old", "new")
    two.register_model(make.model("johns", reviewer_id=john))
    with pytest.raises(StoreError, match=f"belongs to reviewer {john}, not to {maria}"):
        two.activate_model("johns", reviewer_id=maria)


def test_drift_of_a_night_is_measured_anew(timed: Store, hand_clock):
    first = DriftRecord("ztf", "transient", 20260321, "old", {"psi": 0.1}, False, hand_clock.now)
    later = replace(first, night=20260322, alarm=True)
    for one in (first, later, replace(first, population="solar_system")):
        timed.record_drift(one)
    again = replace(first, figures={"psi": 0.3}, alarm=True)
    timed.record_drift(again)
    assert timed.drift("ztf", "transient") == (later, again)
    assert timed.drift(limit=1) == (later,)
    assert timed.drift("lsst") == ()
    assert len(timed.drift()) == 3
