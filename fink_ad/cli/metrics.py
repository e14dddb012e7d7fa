"""Numbers to scrape while a command runs, if it is asked for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from fink_ad.cli.app import err

if TYPE_CHECKING:
    from fink_ad.telemetry import Metrics

__all__ = ["MetricsHost", "MetricsPort", "served_metrics"]

MetricsPort = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=65535,
        help="Serve /metrics and /healthz on this port while running; 0 takes a free one.",
        show_default=False,
    ),
]
MetricsHost = Annotated[
    str, typer.Option(help="Address to serve them on: by default for this machine only.")
]


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
