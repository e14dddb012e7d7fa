"""The page of the models: what learning brought, two orders side by side, who may decide."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from fink_ad.config import Settings
from fink_ad.learn import Learner
from fink_ad.review import (
    Desk,
    compare_orders,
    decision_table,
    precision_table,
    record,
    version_table,
    yield_table,
)
from fink_ad.review.queue import Queue
from fink_ad.store import NewDecision, Store

from .conftest import settings_of


def answer(store: Store, answers: list[str]) -> list:
    """Let ada answer what comes first in the order; return the showings."""
    queue, done = Queue(store, Settings()), []
    for one in answers:
        (showing,) = queue.next(store.find_reviewer("ada"), "ztf", "transient")
        record(store, showing, one, answered_at=datetime.now(UTC))
        done.append(showing)
    return done


@pytest.fixture
def relearned(home, store) -> str:
    """The revision in force before; by now another one has learned."""
    before = store.active_model("ztf", "transient").revision.id
    answer(store, ["anomaly", "ordinary"] * 6)
    Learner(store, settings_of(home)).run_once()
    assert store.active_model("ztf", "transient").revision.id != before
    return before


def test_precision_counts_places_when_drawn_and_no_unsure_answers(store) -> None:
    drawn = answer(store, ["anomaly", "unsure", "ordinary", "anomaly"])
    table = precision_table(store, "ztf", "transient", tops=(1, 10_000))
    assert table["night"].tolist() == [int(f"{drawn[0].drawn_at:%Y%m%d}")]
    assert table["answered 10000"].tolist() == [3]
    assert table["at 10000"].tolist() == [pytest.approx(2 / 3)]
    first = [label == "anomaly" for one, label in zip(drawn, "au-a", strict=True) if one.place == 1]
    assert table["answered 1"].tolist() == [len(first)]


def test_precision_of_nothing_is_an_empty_table(store) -> None:
    assert precision_table(store, "ztf", "transient").empty


def test_the_static_order_is_measured_where_half_of_it_was_answered(store) -> None:
    drawn = answer(store, ["anomaly", "ordinary"] * 10)
    names = [one.object_id for one in drawn]
    half = yield_table(store, "ztf", "transient", [*names[:10], *(["nobody"] * 10)])
    assert half["static"].tolist() == [0.5]
    assert half["known"].tolist() == [10]
    less = yield_table(store, "ztf", "transient", [*names[:9], *(["nobody"] * 11)])
    assert np.isnan(less["static"]).all()


def test_decisions_are_told_with_the_figures_they_rest_on(store) -> None:
    active = store.active_model("ztf", "transient").revision.id
    precisions = {"contender": 0.5, "incumbent": 0.25, "baseline": 0.125}
    held_back = {name: {"average_precision": one} for name, one in precisions.items()}
    figures = {"n_answers": 60, "held_back": held_back, "reason": "better"}
    new = NewDecision(active, None, "ztf", "transient", "not promoted", "gate", figures=figures)
    store.add_decision(new)
    store.add_decision(replace(new, verdict="promoted", figures={"reason": "ada decided"}))
    table = decision_table(store, "ztf", "transient")
    numbers = table[["answers", "precision", "of the old", "of counts"]].to_numpy()
    assert np.isnan(numbers[0]).all()
    assert numbers[1].tolist() == [60, 0.5, 0.25, 0.125]
    assert table["why"].tolist() == ["ada decided", "better"]


def test_versions_begin_with_that_in_force(store, relearned) -> None:
    table = version_table(store, "ztf", "transient")
    assert table["what"].tolist()[:2] == ["in force", "its forest before any answer"]
    assert table["answers"].tolist()[:2] == [12, 0]
    assert table["model"].iloc[1] == table["forest"].iloc[0] == relearned[:12]


def test_two_orders_side_by_side() -> None:
    first = pd.Series([3.0, 2.0, 1.0], index=["a", "b", "c"])
    second = pd.Series([9.0, 8.0, 7.0, 6.0], index=["c", "a", "b", "only"])
    found, table = compare_orders(first, second, top=2)
    assert (found.n_alerts, found.n_only, found.n_common) == (3, (0, 1), 1)
    assert table["first"].tolist() == ["a", "b"]
    assert table["second has it at"].tolist() == [2, 3]
    assert table["second"].tolist() == ["c", "a"]
    assert table["first has it at"].tolist() == [3, 1]


def test_an_order_of_the_desk_is_that_of_the_ranking(home) -> None:
    with Desk(settings_of(home)) as desk:
        active = desk.store.active_model("ztf", "transient").revision.id
        order = desk.order_of(active)
        published = desk.store.order(desk.store.latest_order("ztf", "transient").id)
        assert order.index[:20].tolist() == published.object_id[:20].tolist()
        assert desk.order_of("nothing") is None


def test_models_are_compared_on_the_page(open_page, relearned) -> None:
    app = open_page("models")
    assert not app.exception
    assert any("in common" in one.value for one in app.caption)
    assert any(relearned[:12] in one for one in app.selectbox(key="compare_1").options)
    assert any("second has it at" in one.value for one in app.dataframe)


def test_an_operator_puts_another_revision_in_force(open_page, store, relearned) -> None:
    app = open_page("models")
    app.selectbox(key="other_model").set_value(relearned).run()
    app.button(key="promote").click().run()
    assert store.active_model("ztf", "transient").revision.id != relearned  # not without a yes
    app.button(key="confirm").click().run()
    assert store.active_model("ztf", "transient").revision.id == relearned
    assert store.decisions("ztf", "transient")[-1].by == "ada"


def test_a_decision_that_cannot_be_written_is_told_in_words(
    open_page, home, store, relearned, monkeypatch
) -> None:
    url = f"sqlite:///file:{home / 'fink_ad.sqlite3'}?mode=ro&uri=true"
    monkeypatch.setenv("FINK_AD_DATABASE_URL", url)
    app = open_page("models")
    app.selectbox(key="other_model").set_value(relearned).run()
    app.button(key="promote").click().run()
    app.button(key="confirm").click().run()
    assert "cannot be written" in app.toast[0].value
    assert not app.exception
    assert store.active_model("ztf", "transient").revision.id != relearned


def test_who_is_operator_no_more_decides_nothing(open_page, store, relearned) -> None:
    app = open_page("models")
    app.selectbox(key="other_model").set_value(relearned).run()
    app.button(key="promote").click().run()
    store.change_reviewer("ada", role="reviewer")
    app.button(key="confirm").click().run()
    assert "no operator" in app.toast[0].value
    assert store.active_model("ztf", "transient").revision.id != relearned


def test_going_back_to_a_model_that_was_never_is_not_offered(open_page) -> None:
    assert open_page("models").button(key="roll_back").disabled


def test_reviewers_are_offered_no_decision(open_page, relearned) -> None:
    app = open_page("models", reviewer="bob")
    assert not {"roll_back", "promote"} & {button.key for button in app.button}
