"""Numbers to scrape while a command runs, if it is asked for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fink_ad.cli.app import err

if TYPE_CHECKING:
    from fink_ad.telemetry import Metrics

__all__ = ["served_metrics"]


@contextmanager
def served_metrics(port: int | None, host: str) -> Iterator[Metrics]:
    """Yield what a run tells its numbers to, served at an address unless `port` is None."""
    from fink_ad.telemetry import NoMetrics, PrometheusMetrics, serve

    if port is None:
        yield NoMetrics()
        return
    metrics = PrometheusMetrics()
    with serve(metrics, port, host) as served:
        err.print(f"metrics: http://{host}:{served}/metrics", highlight=False, soft_wrap=True)
        yield metrics
