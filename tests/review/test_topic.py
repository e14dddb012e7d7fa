"""The Kafka door without a broker: addresses, what is produced, and that nothing hangs.

The brokers are those that librdkafka plays itself; tests/services asks real ones.
"""

import json
import time
from datetime import UTC, datetime, timedelta

import psutil
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from pydantic import SecretStr

from fink_ad.config import BotSettings, Settings
from fink_ad.errors import ConfigError
from fink_ad.review.desk import Desk
from fink_ad.review.doors import TOPIC, open_door, send_doors, topic, try_door
from fink_ad.review.doors.topic_address import read_address
from fink_ad.review.outbox import Outbox
from fink_ad.store import Store
from fink_ad.store.records.notifications import NewNotification

PASSWORD = "p@ss-word"


@pytest.fixture
def brokers():
    """Address of brokers in this process."""
    cluster = Producer({"bootstrap.servers": "played", "test.mock.num.brokers": 1, "log_level": 0})
    (one,) = cluster.list_topics(timeout=10).brokers.values()
    yield f"{one.host}:{one.port}"
    cluster.close()


def settings_of(home, url: str) -> Settings:
    return Settings(home=home, bot=BotSettings(doors={"topic": SecretStr(url)}))


def queue(store: Store) -> None:
    now = datetime.now(UTC)
    later = now + timedelta(hours=1)
    store.queue_notifications(
        [NewNotification("heartbeat", "door:topic", "", "", "shared", "a", now, later, body="x")]
    )


def test_what_is_produced(tmp_path, brokers):
    settings = settings_of(tmp_path, f"kafka://{brokers}")
    with Desk(settings) as desk:
        queue(desk.store)
        assert send_doors(Outbox(desk), settings) == 1
        (sent,) = desk.store.notifications()
    name, partition, offset = sent.message_id.split("/")
    assert name == TOPIC
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "tests"})
    consumer.assign([TopicPartition(name, int(partition), int(offset))])
    message = consumer.poll(20)
    consumer.close()
    assert message.error() is None
    assert message.key() is None
    assert dict(message.headers()) == {"schema": b"fink_ad_candidates/1", "id": b"1"}
    assert json.loads(message.value())["text"] == "x"


def test_a_trial_goes_through(tmp_path, brokers):
    assert try_door(settings_of(tmp_path, f"kafka://{brokers}/other"), "topic").startswith("other/")


def test_no_broker_is_told_in_time_and_leaves_no_thread(tmp_path, monkeypatch):
    monkeypatch.setattr(topic, "_DELIVERY_SECONDS", 0.5)
    settings = settings_of(tmp_path, "kafka://127.0.0.1:1/candidates")
    process = psutil.Process()  # counts the threads of the library too
    with Desk(settings) as desk:
        queue(desk.store)
        threads, began = process.num_threads(), time.monotonic()
        assert send_doors(Outbox(desk), settings) == 0
        assert time.monotonic() - began < 15
        assert process.num_threads() <= threads
        (waiting,) = desk.store.notifications("queued")
    assert "Connection refused" in waiting.detail
    assert waiting.due_at > datetime.now(UTC) + timedelta(seconds=30)


def test_an_address_says_how_to_get_in():
    address = read_address("a", "kafka://me:p%40ss-word@one:9093,two:9093/night?client.id=x")
    assert address.topic == "night"
    assert address.client == {
        "bootstrap.servers": "one:9093,two:9093",
        "security.protocol": "sasl_ssl",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "me",
        "sasl.password": PASSWORD,
        "client.id": "x",
    }
    assert PASSWORD not in repr(address)
    plain = read_address("a", "kafka://me:x@one:9092?security.protocol=sasl_plaintext")
    assert plain.client["security.protocol"] == "sasl_plaintext"
    assert read_address("a", "kafka://[::1]:9092").client == {"bootstrap.servers": "[::1]:9092"}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("kafka:candidates", "names no host with its port"),
        ("kafka://host/candidates", "names no host with its port"),
        ("kafka://me:{}@host/candidates", "names no host with its port"),
        ("kafka://me:{}@one:9092,two/candidates", "names no host with its port"),
        ("kafka://me:{}@[one:9092/candidates", "cannot be read"),
        ("kafka://me:{}@host:9092/a/b", "names no topic"),
        ("kafka://me:{}@host:9092/a%20b", "names no topic"),
        ("kafka://me:{}@host:9092/a?debug=all", "unknown option 'debug'"),
        ("kafka://me:{}@host:9092/a?plugin.library.paths=/tmp/x", "unknown option 'plugin.lib"),
        ("kafka://me:{}@host:9092/a?client.id", "cannot be read"),
        ("kafka://me:{}@host:9092/a?security.protocol=none", "a value that means nothing"),
    ],
)
def test_an_address_that_means_nothing_is_refused_and_tells_no_secret(tmp_path, url, said):
    settings = settings_of(tmp_path, url.format("p%40ss-word"))
    with pytest.raises(ConfigError, match="door 'topic'.*" + said) as refused:
        open_door(settings, "topic").close()
    assert "ss-word" not in str(refused.value)
