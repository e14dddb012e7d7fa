"""The Kafka door against a real broker: each notification is in the topic exactly once."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Message, TopicPartition
from pydantic import SecretStr
from services.broker import Broker

from fink_ad.config import BotSettings, Settings
from fink_ad.review.desk import Desk
from fink_ad.review.doors import Doors, send_doors, sending, serving_doors
from fink_ad.review.doors import topic as door_topic
from fink_ad.review.outbox import Outbox
from fink_ad.store import Store
from fink_ad.store.records.notifications import NewNotification

pytestmark = [pytest.mark.enable_socket, pytest.mark.kafka]

DOCS = Path(__file__).parents[2] / "docs" / "doors.md"
PORTER = Path(__file__).with_name("killed_porter.py")
PARTITIONS = 3
WAIT_SECONDS = 90.0


@pytest.fixture
def topic(broker: Broker, request: pytest.FixtureRequest) -> str:
    """A topic of this test."""
    name = re.sub(r"\W", "_", request.node.name)
    broker.create_topic(name, PARTITIONS)
    return name


@pytest.fixture
def url(broker: Broker, topic: str) -> str:
    return f"kafka://{broker.address}/{topic}"


@pytest.fixture
def desk(home: Path, url: str) -> Iterator[Desk]:
    doors = {"topic": SecretStr(url)}
    with Desk(Settings(home=home, bot=BotSettings(doors=doors))) as opened:
        yield opened


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Brokers that are away are given up sooner, and asked again sooner, than they should be."""
    monkeypatch.setattr(door_topic, "_DELIVERY_SECONDS", 4.0)
    monkeypatch.setattr(sending, "RETRY_SECONDS", 2.0)


def candidates(store: Store, n: int) -> list[NewNotification]:
    """The strangest of the night, to be told."""
    now = datetime.now(UTC)
    found = store.candidates(top=None, survey="ztf", population="transient")[:n]
    assert len(found) == n
    return [
        NewNotification(
            "candidate", "door:topic", one.survey, one.object_id, "shared", "first", now,
            now + timedelta(hours=1), alert_id=one.alert_id, population=one.population,
            night=one.night, score=one.score, one_in=one.one_in, reason="rarity",
        )
        for one in found
    ]  # fmt: skip


def words(n: int) -> list[NewNotification]:
    """Something short, many times."""
    now, later = datetime.now(UTC), datetime.now(UTC) + timedelta(hours=1)
    return [
        NewNotification(
            "heartbeat", "door:topic", "", "", "shared", str(i), now, later, body=f"words {i}"
        )
        for i in range(n)
    ]


def arrived(broker: Broker, topic: str) -> list[Message]:
    """Everything in a topic."""
    consumer = Consumer(
        {
            "bootstrap.servers": broker.address,
            "group.id": "tests",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    places = [TopicPartition(topic, one, 0) for one in range(PARTITIONS)]
    consumer.assign(places)
    missing = sum(consumer.get_watermark_offsets(one, 30)[1] for one in places)
    found: list[Message] = []
    while len(found) < missing:
        found += consumer.consume(missing - len(found), 30)
    consumer.close()
    assert not [one.error() for one in found if one.error()]
    return found


def waited(what: Callable[[], object]) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


def n_sent(store: Store) -> int:
    return len(store.notifications("sent", limit=None))


@contextmanager
def porter(home: Path, url: str, how: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that serves the door until the context kills it, or it dies as `how` says."""
    with subprocess.Popen([sys.executable, PORTER, home, url, how]) as child:
        try:
            yield child
        finally:
            child.kill()


def test_a_candidate_arrives_with_its_key_headers_and_schema(desk, broker, topic):
    desk.store.queue_notifications(candidates(desk.store, 4))
    assert send_doors(Outbox(desk), desk.settings) == 4
    messages = arrived(broker, topic)
    sent = {one.message_id: one for one in desk.store.notifications("sent")}
    assert {f"{topic}/{one.partition()}/{one.offset()}" for one in messages} == set(sent)
    for one in messages:
        form = json.loads(one.value())
        record = sent[f"{topic}/{one.partition()}/{one.offset()}"]
        assert one.key().decode() == f"ztf:{record.object_id}" == f"ztf:{form['object_id']}"
        assert dict(one.headers()) == {
            "schema": b"fink_ad_candidates/1",
            "id": str(record.id).encode(),
        }
        assert (form["schema"], form["id"]) == ("fink_ad_candidates/1", str(record.id))
        assert form["one_in"] == record.one_in


def test_an_object_stays_in_its_partition(desk, broker, topic):
    (one,) = candidates(desk.store, 1)
    for model in ("shared", "reviewer:1", "reviewer:2"):
        desk.store.queue_notifications([replace(one, model=model)])
    assert send_doors(Outbox(desk), desk.settings) == 3
    assert len({(each.key(), each.partition()) for each in arrived(broker, topic)}) == 1


def test_one_that_dies_before_it_marked_doubles_nothing(home, broker, topic, url):
    n = 3
    with Store.open(home) as store:
        store.queue_notifications(candidates(store, n))
        for kills in range(n):
            with porter(home, url, "unmarked") as child:
                assert child.wait(WAIT_SECONDS) == -signal.SIGKILL
            assert n_sent(store) == kills
        with porter(home, url, "unmarked"):
            waited(lambda: n_sent(store) == n)
        assert all(one.in_doubt for one in store.notifications("sent"))
    names = Counter(json.loads(one.value())["id"] for one in arrived(broker, topic))
    assert sorted(names.values()) == [1] * n


def test_kills_at_random_moments_lose_and_double_nothing(home, broker, topic, url):
    """KILLS=30 for more of them."""
    kills = int(os.environ.get("KILLS", "3"))
    n = 150 * (kills + 1)  # more than go out between kills
    chance = random.Random(11)
    with Store.open(home) as store:
        store.queue_notifications(words(n))
        for _ in range(kills):
            before = n_sent(store)
            with porter(home, url, "random"):
                waited(lambda before=before: n_sent(store) > min(before, n - 1))
                time.sleep(chance.uniform(0, 0.3))
        with porter(home, url, "random"):
            waited(lambda: n_sent(store) == n)
        doubt = sum(one.in_doubt for one in store.notifications("sent", limit=None))
    names = Counter(json.loads(one.value())["text"] for one in arrived(broker, topic))
    print(f"{n} messages, {kills} kills, {doubt} in doubt: {n - len(names)} lost, ", end="")  # noqa: T201
    print(f"{sum(names.values()) - len(names)} doubled")  # noqa: T201
    assert names == Counter(f"words {i}" for i in range(n))


def test_a_broker_that_goes_and_comes_back_loses_and_doubles_nothing(
    desk, broker, topic, impatient
):
    n = 300
    store = desk.store
    threads = threading.active_count()
    store.queue_notifications(words(n))
    with serving_doors(desk):
        waited(lambda: n_sent(store) > n // 10)
        broker.stop()
        try:
            waited(lambda: any(one.detail for one in store.notifications("queued", limit=None)))
            (held,) = [one for one in store.notifications("queued", limit=None) if one.detail]
            assert "door 'topic'" in held.detail
            assert held.in_doubt
        finally:
            broker.start()
        waited(lambda: n_sent(store) == n)
    names = Counter(json.loads(one.value())["text"] for one in arrived(broker, topic))
    assert names == Counter(f"words {i}" for i in range(n))
    assert threading.active_count() == threads


def test_a_topic_that_is_not_there_is_waited_for(desk, broker, impatient):
    settings = desk.settings.model_copy(
        update={
            "bot": BotSettings(doors={"topic": SecretStr(f"kafka://{broker.address}/not_there")})
        }
    )
    desk.store.queue_notifications(words(1))
    assert send_doors(Outbox(desk), settings) == 0
    (waiting,) = desk.store.notifications("queued")
    assert "nknown topic" in waiting.detail
    # In doubt, it is looked for where nothing is.
    waited(lambda: desk.store.targets_due())
    doors = Doors(Outbox(desk), settings)
    assert doors.empty("door:topic").shut
    doors.close()


def test_the_consumer_of_the_docs_reads_the_topic(desk, broker, topic, tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert len(code.split("\n")) <= 14
    code = code.replace("broker.example.org:9092", broker.address)
    assert code.count("fink_ad_candidates") == 1
    script = tmp_path / "consumer.py"
    script.write_text(code.replace("fink_ad_candidates", topic))
    desk.store.queue_notifications(candidates(desk.store, 3) + words(1))
    assert send_doors(Outbox(desk), desk.settings) == 4
    command = [sys.executable, "-u", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(3)]
        child.kill()
    told = {line.split()[0] for line in lines}
    assert told == {one.object_id for one in desk.store.notifications("sent") if one.object_id}


def test_a_nights_limit_is_out_within_a_minute(desk):
    """500, the most a subscription can ask for, one by one."""
    views = candidates(desk.store, 4)
    desk.store.queue_notifications(
        [replace(one, model=f"reviewer:{i}") for one in views for i in range(125)]
    )
    began = time.monotonic()
    assert send_doors(Outbox(desk), desk.settings) == 500
    took = time.monotonic() - began
    print(f"{500 / took:.0f} candidates a second")  # noqa: T201
    assert took < 60
