"""What the bot sends by itself: alerts of what is watched, digests at their hour, own rankings."""

from pathlib import Path

import fastavro
import pytest

from fink_ad.bots import sender
from fink_ad.learn import Learner
from fink_ad.pipeline import run
from fink_ad.review import digests
from fink_ad.sources.files import FilesSource

MARIA = 501
NIGHT = Path(__file__).parents[2] / "data" / "ztf_night_20260301.avro"

pytestmark = pytest.mark.enable_socket


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch) -> None:
    monkeypatch.setattr(sender, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(sender, "_DIGEST_SECONDS", 0.01)


def ask(telegram, text: str) -> str:
    """Write to the bot; return what it answers."""
    before = len(telegram.sent(MARIA))
    telegram.write(text, MARIA)
    return telegram.wait_for(lambda: telegram.sent(MARIA)[before:])[0]["text"]


def next_day(name: str, path: Path) -> int:
    """Write a file with an object's alert of the day after; return the alert's id."""
    with NIGHT.open("rb") as file:
        reader = fastavro.reader(file)
        record = max(
            (one for one in reader if one["objectId"] == name),
            key=lambda one: one["candidate"]["jd"],
        )
    record["candid"] += 1_000_000
    record["candidate"]["candid"] = record["candid"]
    record["candidate"]["jd"] += 1.0
    with path.open("wb") as file:
        fastavro.writer(file, reader.writer_schema, [record])
    return record["candid"]


def test_a_watched_object_is_told_and_can_be_answered(
    telegram, bot, desk, store, maria, settings, tmp_path
):
    order = store.order(store.latest_order("ztf", "transient").id)
    name = str(order.object_id[-1])  # the most ordinary of all
    assert "You are told of the new alerts" in ask(telegram, f"/watch {name}")
    alert_id = next_day(name, tmp_path / "next.avro")
    run(FilesSource([tmp_path / "next.avro"]), store, settings)
    message = telegram.wait_for(lambda: telegram.sent(MARIA)[1:])[0]
    assert name in message["caption"]
    assert "a new alert of an object you watch" in message["caption"]
    telegram.tap(message, "Ordinary", MARIA)
    (label,) = telegram.wait_for(lambda: store.labels(reviewer_id=maria.id))
    assert (label.alert_id, label.answer) == (alert_id, "ordinary")
    assert store.watches(maria.id)[0].alert_id == alert_id


def test_a_digest_comes_when_the_clock_strikes(
    telegram, at_work, desk, store, maria, clock, monkeypatch
):
    looked = []

    def look(*args: object) -> int:
        n = digests.queue_digests(*args)  # type: ignore[arg-type]
        looked.append(clock.time)
        return n

    def turn(hour: int, minute: int) -> None:
        clock.time = clock.time.replace(hour=hour, minute=minute)
        telegram.wait_for(lambda: looked.count(clock.time) >= 2)

    monkeypatch.setattr(sender, "queue_digests", look)
    with at_work(desk, clock):
        told = ask(telegram, "/subscribe rarity=2 limit=2 digest=08:30 zone=Europe/Paris")
        assert "every day at 08:30 (Europe/Paris)" in told
        turn(7, 29)  # 08:29 in Paris in November
        assert store.notifications() == ()
        turn(7, 30)
        telegram.wait_for(lambda: len(store.notifications("sent")) == 2)
        turn(7, 31)
    pictures = [one for one in telegram.sent(MARIA) if "photo" in one]
    assert len(pictures) == 2
    assert all("among the strangest of the night" in one["caption"] for one in pictures)


def test_a_ranking_of_ones_own_is_told_at_once(telegram, bot, store, maria, settings):
    store.change_reviewer("Maria", personal=True)
    told = ask(telegram, "/subscribe model=mine rarity=20 limit=2")
    assert "personal model" in told
    assert store.notifications() == ()
    (order,) = [
        one
        for one in Learner(store, settings).run_once()
        if (one.population, one.reviewer_id) == ("transient", maria.id)
    ]
    telegram.wait_for(lambda: len(store.notifications("sent")) == 2)
    known = set(store.order(order.id).alert_id.tolist())
    for one in store.notifications("sent"):
        assert one.alert_id in known
        assert (one.model, one.model_revision) == (f"reviewer:{maria.id}", order.revision_id)
        assert one.one_in >= 20
    assert len(telegram.sent(MARIA)) == 3
