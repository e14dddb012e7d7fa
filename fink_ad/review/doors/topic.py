"""The door ``kafka://host:port/topic``: a message of JSON for each parcel, once.

A parcel counts as sent when all replicas that are in step have it. The producer is idempotent,
so that what it repeats by itself is there once. What died between the brokers and the outbox is
resolved by reading the topic back: only what is not there is produced again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import structlog

from fink_ad.errors import ConfigError
from fink_ad.review.doors.contract import DoorRefused, DoorShut
from fink_ad.review.doors.message import parcel_bytes, schema_name
from fink_ad.review.doors.topic_address import read_address
from fink_ad.review.outbox import Parcel

try:
    from confluent_kafka import KafkaError, KafkaException, Message, Producer

    from fink_ad.review.doors.topic_tail import NAME_HEADER, find_message
except ImportError as error:
    raise ConfigError("this door needs confluent-kafka: pip install 'fink-ad[kafka]'") from error

__all__ = ["KafkaTopic"]

_DELIVERY_SECONDS = 10.0
_FLUSH_SECONDS = 15.0  # longer: the library gives up by itself, and says why

_UNREADABLE = (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED)

_log = structlog.get_logger(__name__)


class KafkaTopic:
    """Produces into a topic, keyed by object.

    Parameters
    ----------
    name : str
        Of the door.
    url : str
        See `fink_ad.review.doors.topic_address.read_address`.

    Raises
    ------
    ConfigError
        If the address is not understood, or an option has a value that means nothing.
    """

    def __init__(self, name: str, url: str) -> None:
        self._name, self._address = name, read_address(name, url)
        self._trouble = ""
        try:
            self._producer = Producer(
                self._address.client
                | {
                    "acks": "all",
                    "enable.idempotence": True,
                    "message.timeout.ms": int(_DELIVERY_SECONDS * 1000),
                    "topic.metadata.propagation.max.ms": int(_DELIVERY_SECONDS * 500),
                    "linger.ms": 0,  # one at a time: there is nothing to wait for
                    "partitioner": "murmur2_random",  # as Java clients place a key
                    "log_level": 0,  # `_remember` is told
                    "error_cb": self._remember,
                }
            )
        except KafkaException:
            # The library's words quote values, and one may be a password.
            raise ConfigError(
                f"an option in the address of door {name!r} has a value that means nothing"
            ) from None

    def ready(self, parcel: Parcel) -> Callable[[], str]:
        """Return what produces the message; of one in doubt, whether it is there."""
        one = parcel.notification
        message_id = self._found(parcel) if one.in_doubt else None
        if message_id is not None:
            return lambda: message_id
        headers = {"schema": schema_name(), NAME_HEADER: str(one.id)}
        key = f"{one.survey}:{one.object_id}" if one.object_id else None
        return partial(self._produce, key, parcel_bytes(parcel), headers)

    def close(self) -> None:
        """End the connections, and the threads that keep them."""
        self._producer.purge()
        self._producer.close()

    def _produce(self, key: str | None, value: bytes, headers: dict[str, str]) -> str:
        reports: list[tuple[KafkaError | None, Message]] = []

        def report(error: KafkaError | None, message: Message) -> None:
            reports.append((error, message))

        self._trouble = ""
        try:
            self._producer.produce(
                self._address.topic, value, key, headers=list(headers.items()), on_delivery=report
            )
        except KafkaException as error:
            raise self._refusal(error.args[0]) from error
        self._producer.flush(_FLUSH_SECONDS)
        if not reports:
            raise DoorShut(f"door {self._name!r} does not answer", in_doubt=True)
        ((failed, message),) = reports
        if failed is not None:
            raise self._refusal(failed)
        return f"{message.topic()}/{message.partition()}/{message.offset()}"

    def _found(self, parcel: Parcel) -> str | None:
        one = parcel.notification
        if one.created_at is None:
            raise TypeError("a notification that was never stored")
        try:
            return find_message(self._address, str(one.id), one.created_at)
        except KafkaException as error:
            reason: KafkaError = error.args[0]
            if reason.code() not in _UNREADABLE:
                raise DoorShut(
                    f"door {self._name!r} cannot be read back: {reason.str()}", in_doubt=True
                ) from error
            _log.warning("topic_not_readable", door=self._name, notification=one.id)
            return None

    def _refusal(self, error: KafkaError) -> DoorShut | DoorRefused:
        why = f"door {self._name!r}: {error.str()}"
        if error.code() in (KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_RECORD):
            return DoorRefused(why)
        if self._trouble:
            why += f" ({self._trouble})"
        # What timed out may have been on its way.
        return DoorShut(why, in_doubt=True)

    def _remember(self, error: KafkaError) -> None:
        self._trouble = error.str()
