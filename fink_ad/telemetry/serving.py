"""Serve ``/metrics`` and ``/healthz`` from a thread beside the work."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from fink_ad.errors import ConfigError
from fink_ad.telemetry.metrics import PrometheusMetrics

__all__ = ["serve"]


@contextmanager
def serve(metrics: PrometheusMetrics, port: int, host: str = "127.0.0.1") -> Iterator[int]:
    """Serve numbers as long as the context lasts.

    ``/metrics`` is for Prometheus; ``/healthz`` answers 200 while the process works, with the
    seconds since its last batch. There is no other path, and nothing can be changed.

    Parameters
    ----------
    metrics : PrometheusMetrics
    port : int
        0 takes a free one.
    host : str
        Who may ask: the machine itself by default.

    Yields
    ------
    int
        The port.

    Raises
    ------
    ConfigError
        If the address cannot be served.
    """

    class Handler(_Handler):
        source = metrics

    try:
        server = ThreadingHTTPServer((host, port), Handler)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"cannot serve metrics at {host}:{port}: {reason}; choose another --metrics-port"
        ) from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    source: PrometheusMetrics
    timeout = 10  # a client that says nothing does not hold its thread

    def do_GET(self) -> None:
        path = self.path.split("?", 1)[0]
        if path == "/metrics":
            self._answer(200, *self.source.exposition())
        elif path == "/healthz":
            age = self.source.seconds_since_last_batch()
            told = {"status": "ok", "seconds_since_last_batch": age}
            self._answer(200, json.dumps(told).encode(), "application/json")
        else:
            self._answer(404, b"not found\n", "text/plain")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its own name
        """Say nothing: scrapes come every few seconds."""

    def _answer(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
