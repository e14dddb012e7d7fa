"""A new model is made of the newest nights and all answers, and the gate decides."""

import pytest

from fink_ad.errors import StoreError
from fink_ad.forest import Model
from fink_ad.retrain import promote_model, retrain, rollback_model

from .conftest import KEY, Home, mixed


def test_with_few_answers_the_contender_waits_for_the_operator(home: Home) -> None:
    before = home.active()
    assert home.answer(mixed, n=20) == 20
    with home.store() as store:
        outcome = retrain(store, home.settings(), *KEY)
        assert outcome.verdict == "not enough evidence"
        assert outcome.incumbent == before.revision
        (decision,) = store.decisions(*KEY)
        assert (decision.contender, decision.verdict, decision.by) == (
            outcome.contender,
            "not enough evidence",
            "gate",
        )
        assert store.leases() == ()
    assert home.active().revision == before.revision
    # It is kept whole, and an operator may put it in force.
    contender = Model.load(home.settings().models_dir / outcome.contender)
    assert contender.labelled is not None
    assert len(contender.labelled) == 20
    with home.store() as store:
        promote_model(store, home.settings(), outcome.contender, "ada")
        assert [one.by for one in store.decisions(*KEY)] == ["gate", "ada"]
        assert home.active().revision == outcome.contender
        with pytest.raises(StoreError, match="in force already"):
            promote_model(store, home.settings(), outcome.contender, "ada")
        bob = store.add_reviewer("bob")
        with pytest.raises(StoreError, match="'bob' is no operator"):
            rollback_model(store, home.settings(), *KEY, bob.name, bob.id)
        assert home.active().revision == outcome.contender
        found = rollback_model(store, home.settings(), *KEY, "ada")
        assert found.revision.id == before.revision == home.active().revision
