"""What a process tells about itself: log lines, and numbers to scrape."""

from fink_ad.telemetry.logs import configure_logging, keep_out_of_logs
from fink_ad.telemetry.metrics import Metrics, NoMetrics, PrometheusMetrics, timed
from fink_ad.telemetry.serving import serve

__all__ = [
    "Metrics",
    "NoMetrics",
    "PrometheusMetrics",
    "configure_logging",
    "keep_out_of_logs",
    "serve",
    "timed",
]
