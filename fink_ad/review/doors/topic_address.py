"""``kafka://``: where a topic is and how to get in, read from one address."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from fink_ad.config import nearest
from fink_ad.errors import ConfigError
from fink_ad.review.doors.message import TOPIC

__all__ = ["EXAMPLE", "TopicAddress", "read_address"]

EXAMPLE = "kafka://host:9092/fink_ad_candidates"

_TOPIC_NAME = re.compile(r"[A-Za-z0-9._-]{1,249}")  # as the brokers have it
_OPTIONS = frozenset(
    {
        "client.id",
        "compression.type",
        "sasl.mechanism",
        "security.protocol",
        "ssl.ca.location",
        "ssl.certificate.location",
        "ssl.key.location",
        "ssl.key.password",
    }
)
"""What may follow the question mark, by the names of librdkafka."""


@dataclass(frozen=True)
class TopicAddress:
    """Where a topic is.

    Attributes
    ----------
    topic : str
    client : dict of str to str
        What a client of the brokers has to be told, secrets included.
    """

    topic: str
    client: dict[str, str] = field(repr=False)


def read_address(name: str, url: str) -> TopicAddress:
    """Return what ``kafka://[user:password@]host:port[,...]/topic?option=value`` says.

    With a user the connection is encrypted and the password proved by SCRAM-SHA-512, unless the
    options say otherwise.

    Parameters
    ----------
    name : str
        Of the door, for messages: the address is never in one.

    Raises
    ------
    ConfigError
        If the address or an option is not understood.
    """
    where = f"the address of door {name!r}"
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    except ValueError as error:
        raise ConfigError(f"{where} cannot be read; for example {EXAMPLE}") from error
    account, _, brokers = parts.netloc.rpartition("@")
    topic = parts.path.strip("/") or TOPIC
    if not brokers or not all(one.rpartition(":")[2].isdecimal() for one in brokers.split(",")):
        raise ConfigError(f"{where} names no host with its port; for example {EXAMPLE}")
    if not _TOPIC_NAME.fullmatch(topic):
        raise ConfigError(f"{where} names no topic; for example {EXAMPLE}")
    for option in options:
        if option not in _OPTIONS:
            raise ConfigError(
                f"{where} has the unknown option {option[:40]!r}{nearest(option, sorted(_OPTIONS))}"
            )
    client = {"bootstrap.servers": brokers}
    if account:
        user, _, password = account.partition(":")
        client |= {
            "security.protocol": "sasl_ssl",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": unquote(user),
            "sasl.password": unquote(password),
        }
    return TopicAddress(topic, client | options)
