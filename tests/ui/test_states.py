"""The pages beside Review with one candidate, without stamps or models, and read only."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from fink_ad.store import NewLabel, Store

from .conftest import Open, settings_of
from .test_tables import answer, frame, select_latest

PAGES = ("candidates", "object", "science", "answers", "models", "tonight")


def change(home: Path, statement: str, *values: int) -> None:
    with closing(sqlite3.connect(home / "fink_ad.sqlite3")) as database, database:
        database.execute(statement, values)


def answered(store: Store) -> str:
    """Let ada answer the strangest candidate in a terminal; return the object."""
    (view,) = store.candidates(1, survey="ztf", population="transient")
    ada, now = store.find_reviewer("ada").id, datetime.now(UTC)
    store.add_label(NewLabel("ztf", view.alert_id, ada, "bogus", "terminal", now))
    return view.object_id


def opened(open_page: Open, name: str) -> dict[str, AppTest]:
    """Open all pages; none has anything to complain of."""
    apps = {page: open_page(page, object=name) for page in PAGES}
    assert not {page: app.exception for page, app in apps.items() if app.exception}
    assert not {page: app.error for page, app in apps.items() if app.error}
    return apps


def told(app: AppTest) -> str:
    return " ".join(one.proto.body for one in app.get("html"))


def test_one_candidate_is_shown_on_every_page(open_page: Open, home: Path, store: Store) -> None:
    (view,) = store.candidates(1, survey="ztf", population="transient")
    change(home, "DELETE FROM candidate WHERE alert_id != ?", view.alert_id)
    change(home, "DELETE FROM kept_alert WHERE alert_id != ?", view.alert_id)
    apps = opened(open_page, view.object_id)
    assert frame(apps["candidates"])["object_id"].tolist() == [view.object_id]
    assert view.object_id in told(apps["object"])


def test_without_stamps_every_page_is_whole(open_page: Open, home: Path, store: Store) -> None:
    name = answered(store)
    change(home, "UPDATE kept_alert SET stamps = NULL")
    apps = opened(open_page, name)
    assert "no stamp" in told(apps["object"])
    assert not apps["object"].expander


def test_without_models_every_page_is_whole(open_page: Open, home: Path, store: Store) -> None:
    (name,) = answer(store, "ada", ["ordinary"])
    shutil.rmtree(home / "models")
    apps = opened(open_page, name)
    assert len(frame(apps["candidates"]))
    assert name in told(apps["object"])
    assert any("cannot be read" in one.value for one in apps["models"].caption)


def test_what_was_answered_elsewhere_is_told_on_every_page(open_page: Open, store: Store) -> None:
    before = opened(open_page, "nobody")
    name = answered(store)
    for app in before.values():  # sessions that stand open meanwhile
        app.run()
    table = frame(before["candidates"]).set_index("object_id")["answer"]
    assert table[name] == "bogus"
    assert frame(before["answers"])[["object_id", "channel"]].values.tolist() == [
        [name, "terminal"]
    ]
    assert "bogus" in told(open_page("object", object=name))


@pytest.fixture
def shut(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Give the page a database from now on that SQLite opens for reading only."""

    def use(at: Path = home) -> None:
        url = f"sqlite:///file:{at / 'fink_ad.sqlite3'}?mode=ro&uri=true"
        monkeypatch.setenv("FINK_AD_DATABASE_URL", url)

    return use


def test_a_database_that_can_only_be_read_is_read_on_every_page(
    open_page: Open, store: Store, shut: Callable[[], None]
) -> None:
    name = answered(store)
    shut()
    apps = opened(open_page, name)
    assert len(frame(apps["candidates"]))
    assert name in told(apps["object"])
    review = open_page()
    assert "cannot be written" in review.error[0].value
    assert not review.exception


def test_answers_that_cannot_be_written_are_told_in_words(
    open_page: Open, store: Store, shut: Callable[[], None]
) -> None:
    answered(store)
    shut()
    app = open_page("answers")
    select_latest(app)
    app.button(key="take_back").click().run()
    assert "cannot be written" in app.toast[0].value
    assert frame(app)["undone"].tolist() == [False]
    app.button(key="link").click().run()
    assert "cannot be written" in app.error[0].value
    assert not app.exception


def test_the_first_reviewer_who_cannot_be_written_is_told_so(
    open_page: Open, tmp_path: Path, shut: Callable[[Path], None]
) -> None:
    empty = tmp_path / "empty"
    Store.open(settings_of(empty).home).close()
    shut(empty)
    app = open_page(at=empty, reviewer="")
    app.text_input[0].set_value("eve")
    app.button[0].click().run()
    assert "cannot be written" in app.error[0].value
    assert not app.exception
