"""The features that make a candidate strange, each with its place among all others."""

from __future__ import annotations

from collections.abc import Sequence

from fink_ad.review import TinyHistogram, ToldFeature
from fink_ad.ui.text import number, safe

__all__ = ["features_html"]

_HEIGHT_PX = 16


def features_html(
    features: Sequence[ToldFeature], histograms: Sequence[TinyHistogram | None]
) -> str:
    """Return a table of features, strongest first, one histogram (or None) for each."""
    if not features:
        return '<div class="ad-dim">No feature is known to make it strange.</div>'
    rows = "".join(_row(*pair) for pair in zip(features, histograms, strict=True))
    return (
        '<table class="ad-table"><tr><th>strange in</th><th class="n">value</th>'
        f'<th class="n">percentile</th><th>among all</th></tr>{rows}</table>'
    )


def _row(feature: ToldFeature, histogram: TinyHistogram | None) -> str:
    percentile = "-" if feature.percentile is None else f"{feature.percentile:.1f}"
    return (
        f'<tr><td title="{safe(feature.meaning)}">{safe(feature.name.split(".", 1)[-1])}</td>'
        f'<td class="n">{number(feature.value)} {safe(feature.unit)}</td>'
        f'<td class="n">{percentile}</td><td>{_bars(histogram)}</td></tr>'
    )


def _bars(histogram: TinyHistogram | None) -> str:
    """Draw the histogram; the bin of the value has another colour and a mark under it."""
    if histogram is None:
        return ""
    bars = []
    for place, height in enumerate(histogram.heights):
        own = place == histogram.place
        tall = max(round(height * _HEIGHT_PX), 1) if height or own else 0
        bars.append(f'<i class="{"own" if own else ""}" style="height: {tall}px"></i>')
    told = f"from {number(histogram.low)} to {number(histogram.high)}"
    return (
        f'<span class="ad-bars" role="img" aria-label="{told}" title="{told}">'
        f"{''.join(bars)}</span>"
    )
