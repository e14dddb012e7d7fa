"""What strangers wrote, wherever it is shown, is text and nothing else."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import fastavro
import pytest
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from fink_ad.config import Settings
from fink_ad.learn import Learner
from fink_ad.pipeline import run
from fink_ad.review import Desk, Queue, answer_table, record, to_csv
from fink_ad.simulate import simulate_night
from fink_ad.simulate.files import write_night
from fink_ad.sources.files import FilesSource
from fink_ad.store import Store

from .conftest import Open, settings_of

MARKUP = (
    "[click](http://evil.example) ![p](http://evil.example/p.png) :red[x] :material/home: `c`",
    "<img src=x onerror=alert(1)><script>alert(1)</script>",
    "'\"><a href=javascript:alert(1)>x</a></span></td></table><h1>",
    "http://evil.example/a me@evil.example www.evil.example",
    "# head **b** ~~s~~ $x^2$",
    "../../%2e%2e/?object=x#y\u202egnp.exe",
)
STRANGE = (
    *MARKUP,
    '=HYPERLINK("http://evil.example")',
    *("+1+cmd", "-1+cmd", "@sum", "\uff1d1+1"),
    *("\t=1+1", "\r=1+1", "\n=1+1"),
)
FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
PLAIN = {"text_input", "selectbox", "multiselect", "text_area", "code", "arrow_data_frame"}
"""Elements that take no Markdown; tables draw their cells as pictures of text."""


def strange(number: int) -> str:
    return f"{STRANGE[number % len(STRANGE)]}{number}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every object, class, tag, note and reviewer has a name that means to do something."""
    folder = tmp_path_factory.mktemp("strange")
    night = simulate_night(20260110, n_objects=60, stamps="individual")
    (packets,) = write_night(folder, night).alerts
    with packets.open("rb") as file:
        reader = fastavro.reader(file)
        schema, rows = reader.writer_schema, list(reader)
    schema["fields"].append({"name": "cdsxmatch", "type": "string"})
    names = {name: strange(n) for n, name in enumerate(sorted({row["objectId"] for row in rows}))}
    for number, row in enumerate(rows):
        row |= {"objectId": names[row["objectId"]], "cdsxmatch": strange(number)}
    with packets.open("wb") as file:
        fastavro.writer(file, schema, rows)
    settings = Settings.model_validate(
        {"home": folder / "home", "ranking": {"candidate_rarity": 1.01}}
    )
    with Store.open(settings.home) as store:
        run(FilesSource([packets]), store, settings)
        Learner(store, settings).run_once()
        for name in ("ada", *STRANGE):
            store.add_reviewer(name, role="operator")
        _answer(store)
    return settings.home


def _answer(store: Store) -> None:
    """Let ada answer about some objects, and everybody else about the first of them."""
    queue, ada = Queue(store, settings_of(store.history.home)), store.find_reviewer("ada")
    shown = []
    for number in range(len(STRANGE)):
        shown += queue.next(ada, "ztf", "transient")
        record(store, shown[-1], "anomaly", tags=[_printable(number)], note=_printable(number))
    for number, name in enumerate(STRANGE):
        theirs = replace(shown[0], reviewer_id=store.find_reviewer(name).id)
        record(store, theirs, "ordinary", tags=[_printable(number)], note=_printable(number))


def _printable(number: int) -> str:
    """Return what passes as a tag or a note."""
    return "".join(one for one in strange(number) if one.isprintable())[:50]


@pytest.fixture
def open_strange(open_page: Open, home: Path) -> Open:
    def open_at(page: str = "", **more: Any) -> AppTest:
        return open_page(page, at=home, **more)

    return open_at


class Markup(HTMLParser):
    """Notes the tags and attributes of HTML that could do something."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "object", "embed", "form", "h1", "svg"):
            self.found.append(tag)
        for name, value in attrs:
            if name.startswith("on") or (name == "src" and not str(value).startswith("data:")):
                self.found.append(f"{tag} {name}={value}")
            if name == "href" and not str(value).startswith("https://"):
                self.found.append(f"{tag} {name}={value}")
            if name == "href" and "evil" in str(value):
                self.found.append(f"{tag} {name}={value}")


def texts(message: Message) -> Iterator[str]:
    """Return every text of an element but the name it has in the program."""
    for field, value in message.ListFields():
        if field.name in ("id", "form_id", "spec"):
            continue
        for one in [value] if isinstance(value, str | Message) else _several(value):
            if isinstance(one, Message):
                yield from texts(one)
            elif isinstance(one, str):
                yield one


def _several(value: Any) -> list[Any]:
    if hasattr(value, "values"):
        return list(value.values())
    return list(value) if hasattr(value, "__iter__") and not isinstance(value, bytes) else []


_RAW = re.compile("|".join(rf"(?<!\\){re.escape(one)}" for one in MARKUP))


def leaks(app: AppTest) -> list[tuple[str, str]]:
    """Return texts of strangers that the browser would take for more than text."""
    found = []
    for node in app._tree:
        kind = getattr(node, "type", "")
        if kind in PLAIN or not isinstance(getattr(node, "proto", None), Message):
            continue
        for text in texts(node.proto):
            if kind == "html":
                markup = Markup()
                markup.feed(text)
                found += [(kind, one) for one in markup.found]
            elif _RAW.search(text):
                found.append((kind, text))
    return found


@pytest.mark.parametrize("page", ["", "candidates", "answers", "models", "tonight"])
def test_a_page_shows_strangers_texts_as_text(open_strange: Open, page: str) -> None:
    app = open_strange(page)
    assert not app.exception
    assert not app.error
    assert leaks(app) == []


@pytest.mark.parametrize("number", range(len(MARKUP)))
def test_an_object_of_any_name_is_shown_as_text(
    open_strange: Open, home: Path, number: int
) -> None:
    with Store.open(home) as store:
        names = store.kept_index("ztf", "transient").object_id.tolist()
    name = next(one for one in names if one.startswith(MARKUP[number]))
    app = open_strange("object", object=name)
    assert not app.exception
    assert leaks(app) == []


def test_those_who_may_review_are_buttons_with_their_names(open_strange: Open) -> None:
    app = open_strange(reviewer="")
    assert len([one for one in app.button if one.key.startswith("reviewer_")]) == 1 + len(STRANGE)
    assert leaks(app) == []


def test_what_was_answered_and_taken_back_is_told_as_text(open_strange: Open, home: Path) -> None:
    app = open_strange()
    app.button(key="change_0").click().run()
    assert "Taken back" in app.toast[0].value
    assert leaks(app) == []
    showing = app.session_state["session"].showing.id
    app.button(key=f"answer_anomaly_{showing}").click().run()
    assert app.toast[0].value.startswith("anomaly: ")
    assert leaks(app) == []


def test_files_to_take_away_hold_no_formula(home: Path) -> None:
    with Desk(settings_of(home)) as desk:
        ada = desk.store.find_reviewer("ada")
        tables = (
            answer_table(desk.store, ada),
            desk.candidates("ztf", "transient", ada.id),
        )
    for table in tables:
        cells = [one for row in csv.reader(io.StringIO(to_csv(table).decode())) for one in row]
        texts = [one for one in cells if not _is_number(one)]
        assert any(one.startswith("'=") for one in texts)
        assert not [one for one in texts if one.startswith(FORMULA)]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
