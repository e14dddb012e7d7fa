"""One candidate, ten thousand, and one without stamps: the pages are whole."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path

import pytest

from fink_ad.learn import Learner
from fink_ad.sources.contracts import InputRange
from fink_ad.store import BatchRecord, CandidateRecord, Store

from .conftest import settings_of
from .test_states import PAGES

N = 10_000
KEY = ("ztf", "transient")


@pytest.fixture(scope="module")
def crowded(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with ten thousand candidates, the alerts of one over and over."""
    home = Path(shutil.copytree(template, tmp_path_factory.mktemp("crowded") / "home"))
    with Store.open(home) as store:
        (view,) = store.candidates(1, survey=KEY[0])
        (alert,) = store.kept(KEY[0], [view.alert_id])
        told = {one.name: getattr(view, one.name) for one in fields(CandidateRecord)}
        names = [{"alert_id": i, "object_id": f"ZTF26{i:07}"} for i in range(1, N + 1)]
        store.commit_batch(
            BatchRecord(
                "copies",
                (InputRange("copies", 0, N),),
                view.model_revision,
                "",
                {},
                candidates=[CandidateRecord(**told | one) for one in names],
                kept=[replace(alert, stamps=None, **one) for one in names],
            )
        )
        Learner(store, settings_of(home)).run_once()
    return home


@pytest.mark.parametrize("page", ["", *PAGES])
def test_ten_thousand_candidates_are_no_burden(open_page, crowded: Path, page: str) -> None:
    named = {"object": f"ZTF26{N:07}"} if page else {}
    app = open_page(page, at=crowded, **named)
    assert not app.exception
    assert not app.error
    if page == "candidates":
        assert len(app.dataframe[0].value) > N
    if page == "":
        assert app.session_state["session"].showing.order_size > N


def test_the_only_candidate_is_answered_and_nothing_is_left(open_page, home: Path) -> None:
    with closing(sqlite3.connect(home / "fink_ad.sqlite3")) as database, database:
        (one,) = database.execute("SELECT alert_id FROM kept_alert ORDER BY score DESC").fetchone()
        database.execute("DELETE FROM kept_alert WHERE alert_id != ?", [one])
        database.execute("DELETE FROM candidate WHERE alert_id != ?", [one])
    with Store.open(home) as store:
        Learner(store, settings_of(home)).run_once()
    app = open_page()
    showing = app.session_state["session"].showing
    assert (showing.alert_id, showing.order_size) == (one, 1)
    app.button(key=f"answer_anomaly_{showing.id}").click().run()
    assert not app.exception
    assert "answered or skipped" in app.info[0].value


def test_without_stamps_grey_fields_stand_for_them(open_page, home: Path) -> None:
    with closing(sqlite3.connect(home / "fink_ad.sqlite3")) as database, database:
        database.execute("UPDATE kept_alert SET stamps = NULL")
    app = open_page()
    assert not app.exception
    assert any("no stamp" in html.proto.body for html in app.get("html"))
