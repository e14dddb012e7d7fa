"""What docs/doors.md says is true: fields, settings, commands, options."""

import json
import re
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fink_ad.config import BotSettings, Settings
from fink_ad.review.desk import Desk
from fink_ad.review.doors import SCHEMA_VERSION, TOPIC, kind_of, parcel_json, serving
from fink_ad.review.doors.messengers import _is_refusal
from fink_ad.review.doors.sending import RETRY_SECONDS
from fink_ad.review.doors.topic_address import _OPTIONS, read_address
from fink_ad.review.outbox import Parcel
from fink_ad.review.subscriptions import read_subscription
from fink_ad.store.records.notifications import Notification

TEXT = (Path(__file__).parents[2] / "docs" / "doors.md").read_text()
_KINDS = {str: "string", bool: "boolean", int: "integer", float: "number", list: "list"}


def rows(under: str) -> list[list[str]]:
    """Cells of the first table after some words."""
    table = re.search(r"(?:^\|.*\n)+", TEXT[TEXT.index(under) :], re.MULTILINE)
    assert table
    lines = table[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_every_field_is_told_with_its_type_and_so_is_the_example(store, tmp_path, strangest):
    now = datetime(2026, 3, 2, tzinfo=UTC)
    view = strangest[0]
    one = Notification(
        "candidate", "door:a", "ztf", view.object_id, "shared", "first", now,
        now + timedelta(hours=1), alert_id=view.alert_id, model_revision=view.model_revision,
        score=view.score, one_in=view.one_in, id=7,
    )  # fmt: skip
    with Desk(Settings(home=tmp_path / "home")) as desk:
        candidate = desk.look("ztf", view.alert_id)
    form = parcel_json(Parcel(one, candidate, "rarity"))
    told = {name: row[1] for row in rows("| field |") for name in re.findall(r"`(\w+)`", row[0])}
    words = parcel_json(Parcel(replace(one, kind="heartbeat", body="x"), None, "rarity"))
    assert set(told) == set(form) | set(words)
    assert form["schema"] == f"{TOPIC}/{SCHEMA_VERSION}"
    for name, value in json.loads(json.dumps(form | words)).items():
        expected = "null" if value is None else _KINDS[type(value)]
        assert expected in told[name], name
    (example,) = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    shown = json.loads(example)
    assert list(shown) == list(form)
    assert {name: type(value) for name, value in shown.items()} == {
        name: type(value) for name, value in form.items()
    }
    same = ("schema", "kind", "survey", "object_id", "alert_id", "population", "night", "band")
    assert {name: shown[name] for name in same} == {name: form[name] for name in same}
    assert shown["ra_deg"] == pytest.approx(form["ra_deg"], abs=1e-4)
    assert shown["n_det"] == form["n_det"]


def test_every_address_and_wish_is_understood():
    (block,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    doors = tomllib.loads(block)["bot"]["doors"]
    settings = Settings(bot=BotSettings(doors=doors))
    kinds = {name: kind_of(settings, name) for name in doors}
    assert set(kinds.values()) == {"kafka", "slack", "mailtos", "jsons", "jsonl"}
    assert read_address("brokers", doors["brokers"]).topic == TOPIC
    wishes = re.findall(r"fink-ad doors subscribe (\w+) (.*?)(?: +#.*)?$", TEXT, re.MULTILINE)
    assert len(wishes) == 2
    for name, words in wishes:
        assert name in doors
        read_subscription(words, f"door:{name}", 1, "ztf", "transient")


def test_options_and_times_are_those_there_are():
    part = TEXT[TEXT.index("## A Kafka topic") : TEXT.index("| part |")]
    told = re.findall(r"`([a-z]+\.[a-z.]+)`", part)
    assert set(told) == set(_OPTIONS)
    assert "after 5 seconds" in TEXT
    assert serving._SHORTEST_PAUSE == 5
    assert serving._LONGEST_PAUSE == RETRY_SECONDS == 60
    assert [code for code in range(400, 600) if _is_refusal(code)] == [
        400, 413, 422, *range(550, 560),
    ]  # fmt: skip
