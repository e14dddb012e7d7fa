"""The pages of tables: filters, answers taken back, objects opened by their address."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fink_ad.config import Settings
from fink_ad.review import Desk, answer_table, object_events, pace, record, score_table, yield_table
from fink_ad.review.accounts import link_account
from fink_ad.review.queue import Queue
from fink_ad.store import NewLabel, Store

from .conftest import NIGHT, settings_of


def answer(store: Store, name: str, answers: list[str]) -> list[str]:
    """Let a reviewer answer what comes first in the order; return the objects."""
    reviewer = store.find_reviewer(name)
    queue = Queue(store, Settings())
    done = []
    for one in answers:
        (showing,) = queue.next(reviewer, "ztf", "transient")
        record(store, showing, one, answered_at=datetime.now(UTC))
        done.append(showing.object_id)
    return done


def frame(app):
    return app.dataframe[0].value


def test_candidates_are_filtered(open_page) -> None:
    app = open_page("candidates")
    everything = frame(app)
    assert (everything["score"].diff().dropna() <= 0).all()
    name = everything["object_id"].iloc[3]
    app.text_input[0].set_value(name.lower()).run()
    assert frame(app)["object_id"].tolist() == [name]
    app.text_input[0].set_value("").run()
    faintest = float(everything["magnitude"].median())
    app.number_input[0].set_value(faintest).run()
    assert 0 < len(frame(app)) < len(everything)
    assert (frame(app)["magnitude"] <= faintest).all()


def test_candidates_are_filtered_by_class_or_tag_and_by_model(open_page, home, store) -> None:
    name = store.candidates(3)[2].object_id
    with closing(sqlite3.connect(home / "fink_ad.sqlite3")) as database, database:
        database.execute(
            'UPDATE candidate SET tags = \'["nova", "x"]\' WHERE object_id = ?', [name]
        )
    app = open_page("candidates")
    everything = frame(app)
    app.multiselect[0].set_value(["nova"]).run()
    assert frame(app)["object_id"].tolist() == [name]
    app.multiselect[0].set_value([]).run()
    models = next(one for one in app.selectbox if one.label == "Model")
    assert len(models.options) == 2  # all, and the one of the first night
    models.select_index(1).run()
    assert frame(app)["object_id"].tolist() == everything["object_id"].tolist()


def test_an_object_is_listed_on_every_night_it_was_a_candidate(open_page, home, store) -> None:
    strangest, *_, weaker = store.candidates(None)
    with closing(sqlite3.connect(home / "fink_ad.sqlite3")) as database, database:
        database.execute(
            "UPDATE candidate SET object_id = ?, night = ? WHERE alert_id = ?",
            [strangest.object_id, NIGHT + 1, weaker.alert_id],
        )
    app = open_page("candidates")
    nights = next(one for one in app.selectbox if one.label == "Night")
    assert nights.options == ["all", str(NIGHT + 1), str(NIGHT)]
    nights.select_index(1).run()
    assert frame(app)[["object_id", "night"]].to_numpy().tolist() == [
        [strangest.object_id, NIGHT + 1]
    ]


def test_a_candidate_is_opened_by_its_point_on_the_map(open_page) -> None:
    app = open_page("candidates")
    name = frame(app)["object_id"].iloc[1]
    app.session_state["sky"] = {"selection": {"points": [{"customdata": name}]}}
    app.run()
    assert app.text_input[0].value == name


def test_answered_candidates_are_marked_for_their_reviewer_only(open_page, store) -> None:
    (name,) = answer(store, "ada", ["anomaly"])
    mine = frame(open_page("candidates")).set_index("object_id")["answer"]
    if name in mine.index:  # the strangest kept alert need not be a candidate
        assert mine[name] == "anomaly"
    assert set(frame(open_page("candidates", reviewer="bob"))["answer"]) == {""}


def test_an_object_is_opened_by_its_address(open_page, store) -> None:
    name = store.candidates(1)[0].object_id
    app = open_page("object", object=name)
    assert not app.exception
    assert name in " ".join(one.proto.body for one in app.get("html"))


def test_an_address_need_not_name_the_page(open_page, store) -> None:
    name = store.candidates(1)[0].object_id
    app = open_page(object=name)
    assert app.text_input[0].value == name


def test_a_candidate_is_opened_by_its_row(open_page) -> None:
    app = open_page("candidates")
    name = frame(app)["object_id"].iloc[1]
    app.session_state["candidates"] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    app.run()
    assert app.text_input[0].value == name


def test_a_click_opens_what_stood_in_the_row_whatever_has_come_in_since(
    open_page, home, store
) -> None:
    app = open_page("candidates")
    first, second = frame(app)["object_id"].iloc[:2]
    with closing(sqlite3.connect(home / "fink_ad.sqlite3")) as database, database:
        database.execute("DELETE FROM candidate WHERE object_id = ?", [first])
    answer(store, "ada", ["ordinary"])  # tables are read anew after it
    app.session_state["candidates"] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    app.run()
    assert app.text_input[0].value == second


def test_an_object_nobody_kept_is_said_to_be_so(open_page) -> None:
    app = open_page("object", object="[evil](http://x)")
    assert r"\[evil\]" in app.warning[0].value
    assert not app.exception


def test_others_answers_are_hidden_until_mine_is_given(open_page, store) -> None:
    (name,) = answer(store, "bob", ["bogus"])
    hidden = open_page("object", object=name)
    assert not any("bogus" in one.proto.body for one in hidden.get("html"))
    alert_id = store.object_alerts(name)[-1].alert_id
    ada = store.find_reviewer("ada").id
    store.add_label(NewLabel("ztf", alert_id, ada, "anomaly", "page", datetime.now(UTC)))
    told = open_page("object", object=name)
    assert any("bogus" in one.proto.body for one in told.get("html"))


def test_what_happened_to_an_object_is_told_latest_first(store) -> None:
    (name,) = answer(store, "bob", ["bogus"])
    ada, bob = store.find_reviewer("ada"), store.find_reviewer("bob")
    alert_id = store.object_alerts(name)[-1].alert_id
    new = NewLabel("ztf", alert_id, ada.id, "anomaly", "page", datetime.now(UTC), note="odd")
    label = store.add_label(new)
    store.retract_label(label.id, ada.id, "page")
    mine = object_events(store, "ztf", name, ada, with_others=False)
    assert mine["what"].tolist()[:2] == [
        "ada took the answer back",
        "ada answered anomaly, taken back later: odd",
    ]
    assert not mine["what"].str.contains("bob").any()
    told = object_events(store, "ztf", name, bob, with_others=True)
    assert told["when"].is_monotonic_decreasing
    assert "bob answered bogus" in told["what"].tolist()
    assert told["what"].str.startswith("drawn for bob: ").sum() == 1
    listed = [one for one in store.candidates(None) if one.object_id == name]
    assert told["what"].str.startswith("candidate of night").sum() == len(listed)


def test_others_answers_are_no_event_until_mine_is_given(open_page, store) -> None:
    (name,) = answer(store, "bob", ["bogus"])
    hidden = open_page("object", object=name)
    assert not any("bogus" in str(one.value.to_numpy()) for one in hidden.dataframe)


def test_stamps_of_other_dates_are_offered(open_page, store) -> None:
    kept: dict[str, list[int]] = {}
    for one in store.kept("ztf", store.kept_index("ztf", "transient").alert_id.tolist()):
        if one.stamps:
            kept.setdefault(one.object_id, []).append(one.alert_id)
    name, ids = max(kept.items(), key=lambda one: len(one[1]))
    assert len(ids) > 1
    app = open_page("object", object=name)
    drawn = sum(one.proto.body.count('alt="science stamp"') for one in app.get("html"))
    assert drawn == min(len(ids), 9)  # those of the alert chosen among them
    assert len(app.expander) == 1


def test_every_model_scores_an_alert(home) -> None:
    with Desk(settings_of(home)) as desk:
        kept = desk.store.object_alerts(desk.store.candidates(1)[0].object_id)[-1]
        ada = desk.store.find_reviewer("ada")
        table = score_table(desk, kept, ada)
        assert table["what"].tolist() == ["in force"]
        assert table["score"].iloc[0] == pytest.approx(kept.score)
        assert table["one in"].iloc[0] >= 1
        assert score_table(desk, replace(kept, feature_schema="other"), ada).empty


def select_latest(app) -> None:
    """Select the first row of my answers."""
    table = hash(tuple(frame(app)["label_id"].tolist()))
    app.session_state[f"answers_{table}"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    app.run()


def test_a_selected_answer_is_selected_no_more_when_another_has_come_in(open_page, store) -> None:
    answer(store, "ada", ["anomaly"])
    app = open_page("answers")
    select_latest(app)
    assert not app.button(key="take_back").disabled
    answer(store, "ada", ["ordinary"])
    app.run()
    assert frame(app)["answer"].tolist() == ["ordinary", "anomaly"]
    assert app.button(key="take_back").disabled


def test_my_answers_can_be_taken_back_from_the_table(open_page, store) -> None:
    answer(store, "ada", ["anomaly", "ordinary"])
    app = open_page("answers")
    assert frame(app)["answer"].tolist() == ["ordinary", "anomaly"]
    select_latest(app)
    app.button(key="take_back").click().run()
    assert store.labels()[-1].answer == "retracted"
    assert frame(app)["undone"].tolist() == [True, False]


def test_where_others_disagree_is_told_after_ones_own_answer(store) -> None:
    (name,) = answer(store, "bob", ["bogus"])
    ada = store.find_reviewer("ada")
    alert_id = store.object_alerts(name)[-1].alert_id
    label = store.add_label(NewLabel("ztf", alert_id, ada.id, "anomaly", "page", datetime.now(UTC)))
    table = answer_table(store, ada)
    assert table[["others", "disagree"]].values.tolist() == [["bogus", True]]
    assert pace(table).n_disagree == 1
    store.retract_label(label.id, ada.id, "page")
    taken_back = answer_table(store, ada)
    assert taken_back["others"].tolist() == [""]
    assert pace(taken_back).n_answers == 0


def test_yield_counts_what_was_found(store) -> None:
    answer(store, "ada", ["anomaly", "ordinary"] * 11)
    table = yield_table(store, "ztf", "transient")
    assert table["answers"].tolist() == [20, 22]
    assert 0 < table["ranked"].iloc[0] < 1


def test_the_yield_leaves_out_checks_and_unsure_answers(home, store) -> None:
    answer(store, "ada", ["anomaly"] * 3 + ["unsure"])
    with closing(sqlite3.connect(home / "fink_ad.sqlite3")) as database, database:
        database.execute("UPDATE showing SET draw = 'top'")
        database.execute("UPDATE showing SET draw = 'gold' WHERE id = 1")
    showing = store.showings(survey="ztf")[1]
    with closing(sqlite3.connect(home / "fink_ad.sqlite3")) as database, database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(showing)")][1:]
        told = ", ".join("'repeat'" if one == "draw" else one for one in columns)
        database.execute(
            f"INSERT INTO showing ({', '.join(columns)}) SELECT {told} FROM showing WHERE id = ?",  # noqa: S608
            [showing.id],
        )
    (row,) = yield_table(store, "ztf", "transient").to_dict("records")
    assert row["answers"] == 2  # what was repeated is still the find of its first draw
    assert row["ranked"] == 1.0


def test_a_code_links_the_chat(open_page, store) -> None:
    app = open_page("answers", reviewer="bob")
    app.button(key="link").click().run()
    code = app.code[0].value.removeprefix("/link ")
    assert link_account(store, 7, 7, code).name == "bob"


def test_an_object_says_how_often_it_was_shown_to_its_reader(open_page, store) -> None:
    (name,) = answer(store, "ada", ["anomaly"])
    mine = open_page("object", object=name)
    assert any("shown to you once" in one.proto.body for one in mine.get("html"))
    others = open_page("object", object=name, reviewer="bob")
    assert not any("shown to you" in one.proto.body for one in others.get("html"))
