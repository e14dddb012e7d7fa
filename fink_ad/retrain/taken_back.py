"""What an operator took back, which no retraining may bring back by itself."""

from __future__ import annotations

from fink_ad.learn.answers import passed_imports
from fink_ad.learn.whose import Whose
from fink_ad.retrain.train import Contender
from fink_ad.store import Decision, Store

__all__ = ["model_of", "why_taken_back"]


def why_taken_back(store: Store, contender: Contender) -> str:
    """Return why a contender is to stay out of force whatever the gate says; empty if it may not.

    Either its model was taken back, of whatever revision, or it learned from imports that came
    into force with a model that was taken back and that nobody trusted or distrusted since.
    What was in force already when that model came is above suspicion. An operator who promotes
    a model settles both for it and its imports.
    """
    whose = Whose(contender.model.survey, contender.model.population)
    models: dict[str, Decision] = {}
    imports: dict[str, Decision] = {}
    judged_with: dict[str, frozenset[str]] = {}
    for one in store.decisions(*whose[:2]):
        if one.reviewer_id is not None:
            continue
        if one.verdict == "promoted":
            model = model_of(store, one.contender)
            judged_with[model] = frozenset(one.figures.get("imports", ()))
            models.pop(model, None)
            imports = {name: by for name, by in imports.items() if name not in judged_with[model]}
        elif one.verdict == "rolled back" and one.incumbent is not None:
            left = model_of(store, one.incumbent)
            models[left] = one
            imports |= dict.fromkeys(judged_with.get(left, frozenset()), one)
    if back := models.get(contender.bare.id):
        return (
            f"taken back by {back.by} on {back.decided_at:%Y-%m-%d}: only fink-ad models promote "
            "brings it back"
        )
    suspect = sorted((set(contender.imports) & set(imports)) - passed_imports(store, whose))
    if suspect:
        back = imports[suspect[0]]
        return (
            f"it learned from {', '.join(map(repr, suspect))} as the model did that {back.by} took "
            f"back on {back.decided_at:%Y-%m-%d}: fink-ad labels trust or distrust that first"
        )
    return ""


def model_of(store: Store, revision_id: str) -> str:
    """Return the id of the model that a revision is one of; empty if the store has neither."""
    found = store.model(revision_id)
    return "" if found is None else found.model.id
