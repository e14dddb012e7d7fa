"""A real Kafka broker for a test: one node, on loopback, in a folder of its own."""

import contextlib
import os
import socket
import subprocess
import time
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

_PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
log.dirs={folder}/log
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
"""
_JAVA = ("java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_UP_SECONDS = 90.0


class Broker:
    """Starts, stops and starts again with what it had.

    Parameters
    ----------
    folder : Path
        Holds ``class_path``, and all that the broker writes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        # Both at once, so that they differ.
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            other.bind(("127.0.0.1", 0))
            port, controller = one.getsockname()[1], other.getsockname()[1]
        self.address = f"127.0.0.1:{port}"
        text = _PROPERTIES.format(port=port, controller=controller, folder=folder)
        (folder / "properties").write_text(text)
        formatted = self._java(
            "kafka.tools.StorageTool", "format", "-t", "fink_ad-tests-00000000", "-c",
            str(folder / "properties"),
        )  # fmt: skip
        assert formatted.wait(_UP_SECONDS) == 0, self._said()

    def start(self) -> None:
        """Start, and wait until it answers."""
        self._process = self._java("kafka.Kafka", str(self._folder / "properties"))
        (self._folder / "pid").write_text(str(self._process.pid))
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        end = time.monotonic() + _UP_SECONDS
        while True:
            with contextlib.suppress(KafkaException):
                if admin.list_topics(timeout=1).brokers:
                    return
            assert self._process.poll() is None, self._said()
            assert time.monotonic() < end, self._said()

    def stop(self) -> None:
        """Stop at once, as a machine does that loses its power."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            (self._folder / "pid").unlink()
        self._process = None

    def create_topic(self, topic: str, partitions: int) -> None:
        """Create a topic and wait until it is there."""
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        for made in admin.create_topics([NewTopic(topic, partitions, 1)]).values():
            made.result(_UP_SECONDS)

    def _java(self, *words: str) -> subprocess.Popen[bytes]:
        class_path = (self._folder / "class_path").read_text().strip()
        with (self._folder / "said").open("ab") as said:
            return subprocess.Popen(
                [*_JAVA, "-cp", class_path, *words],
                stdout=said,
                stderr=said,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
            )

    def _said(self) -> str:
        return (self._folder / "said").read_text(errors="replace")[-4000:]
