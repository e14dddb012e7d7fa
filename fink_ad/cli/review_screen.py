"""One candidate on a terminal of 80 columns and 24 lines."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.text import Text

from fink_ad.cli.app import printable
from fink_ad.cli.candidates import rarity_text
from fink_ad.cli.show import percentile_text

if TYPE_CHECKING:
    from fink_ad.forest import ToldFeature
    from fink_ad.review import BrailleCurve, Candidate, Opinion

__all__ = ["age_text", "candidate_screen", "opinions_text"]

_WIDTH = 80
_PLOT_ROWS = 8
_N_FEATURES = 5
_COLOURS = {"u": "magenta", "g": "green", "r": "red", "i": "yellow", "z": "cyan", "y": "bold white"}


def candidate_screen(one: Candidate, console: Console) -> Group:
    """Lay out a candidate; bands have letters where the console has no colours."""
    from fink_ad.review import braille_curve

    width = min(console.width, _WIDTH)
    has_colours = console.color_system is not None
    plot = braille_curve(one.alert, width, _PLOT_ROWS, marks="dots" if has_colours else "letters")
    lines = [
        _header(one),
        _position(one),
        _when(one),
        *_why_here(one),
        *(_feature(feature) for feature in one.features[:_N_FEATURES]),
        *_neighbours(one),
        *_plot(plot),
    ]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
        line.no_wrap = True
    return Group(*lines)


def opinions_text(opinions: tuple[Opinion, ...]) -> str:
    """Say what others answered."""
    told = [
        f"{one.reviewer} {one.answer}" + (f" ({one.note})" if one.note else "") for one in opinions
    ]
    return printable(" ".join(", ".join(told).split())) if told else "nobody else has answered"


def age_text(age: timedelta) -> str:
    """Say how long ago something was, in its largest unit."""
    hours = age / timedelta(hours=1)
    if hours < 0:
        return "in the future"
    if hours < 48:
        return f"{hours:.0f} h ago"
    days = hours / 24
    return f"{days:.0f} d ago" if days < 730 else f"{days / 365.25:.1f} yr ago"


def _header(one: Candidate) -> Text:
    line = Text(printable(one.object_id), "bold")
    told = []
    if one.showing is not None:
        told.append(f"{one.showing.place:,} of {one.showing.order_size:,}")
    how = one.strangeness
    if math.isfinite(how.one_in):
        told.append(rarity_text(how.one_in, how.beyond, how.provisional))
    if one.p_interesting is not None:
        told.append(f"interesting: {one.p_interesting:.0%} (from {one.n_calibration} answers)")
    told += [f"{one.survey} {one.population}", f"model {how.revision[:8]}"]
    return line.append("  " + ", ".join(told), "not bold")


def _position(one: Candidate) -> Text:
    return Text(
        f"ra, dec {one.ra_deg:.5f} {one.dec_deg:+.5f}   l, b {one.l_deg:.3f} {one.b_deg:+.3f} deg"
    )


def _when(one: Candidate) -> Text:
    mag = f"{one.band} {one.mag:.2f}" if math.isfinite(one.mag) else f"{one.band} band"
    below = " below reference" if one.below else ""
    return Text(
        f"{one.seen_at:%Y-%m-%d %H:%M} UTC, {age_text(one.age)}  {mag}{below}  "
        f"{one.n_det} det., listed {one.times_listed}x in 90 d"
    )


def _why_here(one: Candidate) -> list[Text]:
    lines = []
    if one.showing is not None and one.showing.reason:
        lines.append(Text(f"why here: {printable(one.showing.reason)}"))
    classes = list(one.broker_classes)
    said_already = {f"broker:{text}" for text in classes}
    told = classes + [tag for tag in one.tags if tag not in said_already]
    if told:
        lines.append(Text(f"tags: {printable(', '.join(told))}"))
    return lines


def _feature(one: ToldFeature) -> Text:
    short = one.name.split(".", 1)[-1]
    value = "not defined" if one.value is None else f"{one.value:.4g} {one.unit}".strip()
    percentile = "" if one.percentile is None else f"{percentile_text(one.percentile)} pct"
    line = Text(f"{printable(short):<24} {printable(value):>16} {percentile:>9}  ")
    return line.append(printable(one.meaning), "dim")


def _neighbours(one: Candidate) -> list[Text]:
    if not one.neighbours:
        return []
    told = ", ".join(f"{near.object_id} {near.answers}" for near in one.neighbours[:3])
    return [Text(f"most like: {printable(told)}")]


def _plot(drawn: BrailleCurve) -> list[Text]:
    lines = [Text(drawn.title, "dim")]
    for left, row, bands in zip(drawn.axis, drawn.rows, drawn.bands, strict=True):
        line = Text().append(left, "dim")
        for character, band in zip(row, bands, strict=True):
            line.append(character, _COLOURS.get(band, ""))
        lines.append(line)
    legend = Text(drawn.legend)
    for band, colour in _COLOURS.items():
        legend.highlight_regex(rf"\b{band} \d+", colour)
    return [*lines, Text(drawn.time_axis, "dim"), legend]
