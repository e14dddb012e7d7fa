"""The newest messages of a topic, read back to learn whether one of ours is among them."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from fink_ad.review.doors.topic_address import TopicAddress

__all__ = ["NAME_HEADER", "find_message"]

NAME_HEADER = "id"
"""Of the header that names the notification."""

_SLACK = timedelta(minutes=10)  # clocks of those who wrote and of the brokers differ
_MOST = 100_000  # messages of a partition that are looked at, the newest
_LONGEST_SECONDS = 20.0
_NO_TOPIC = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC)


def find_message(address: TopicAddress, name: str, since: datetime) -> str | None:
    """Return where the message of a notification is in a topic; None if it is not there.

    All partitions are looked at: their number, and with it the one of a key, may have changed.

    Parameters
    ----------
    name : str
        Of the notification, as in header `NAME_HEADER`.
    since : datetime.datetime
        When the notification was made; nothing of it is older.

    Raises
    ------
    KafkaException
        If the topic cannot be read, or not in 20 seconds.
    """
    consumer = Consumer(
        address.client
        | {
            "group.id": address.client.get("client.id", "fink_ad"),  # asked for, never used
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "log_level": 0,
        }
    )
    try:
        end = time.monotonic() + _LONGEST_SECONDS
        unread = _places(consumer, address.topic, since - _SLACK, end)
        consumer.assign(unread)
        left = {one.partition for one in unread}
        while left:
            message = consumer.poll(_left(end))
            if message is None:
                continue
            error = message.error()
            if error is not None and error.code() == KafkaError._PARTITION_EOF:
                left.discard(message.partition())
            elif error is not None:
                raise KafkaException(error)
            elif (NAME_HEADER, name.encode()) in (message.headers() or ()):
                return f"{address.topic}/{message.partition()}/{message.offset()}"
        return None
    finally:
        consumer.close()


def _places(consumer: Consumer, topic: str, since: datetime, end: float) -> list[TopicPartition]:
    """Return from where each partition is to be read."""
    known = consumer.list_topics(topic, _left(end)).topics[topic]
    if known.error is not None:
        if known.error.code() in _NO_TOPIC:
            return []
        raise KafkaException(known.error)
    since_ms = int(since.timestamp() * 1000)
    wanted = [TopicPartition(topic, one, since_ms) for one in known.partitions]
    places = []
    for one in consumer.offsets_for_times(wanted, _left(end)):
        if one.error is not None:
            raise KafkaException(one.error)
        if one.offset < 0:  # nothing is as new
            continue
        _, newest = consumer.get_watermark_offsets(one, _left(end))
        places.append(TopicPartition(topic, one.partition, max(one.offset, newest - _MOST)))
    return places


def _left(end: float) -> float:
    """Return the seconds left until `end`.

    Raises
    ------
    KafkaException
        If there are none.
    """
    seconds = end - time.monotonic()
    if seconds <= 0:
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
    return seconds
