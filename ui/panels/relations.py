"""What else is known: pages elsewhere, tags and classes, neighbours, what people said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from fink_ad.review import Link, Neighbour, Opinion
from fink_ad.ui.text import ago, safe

__all__ = ["chips_html", "links_html", "neighbours_html", "opinions_html"]


def links_html(links: Sequence[Link]) -> str:
    """Return links to pages about the object, each in a window of its own."""
    return "".join(
        f'<a class="ad-link" href="{safe(link.url)}" target="_blank" rel="noopener noreferrer" '
        f'title="{_radius(link)}">{safe(link.name)}</a>'
        for link in links
    )


def chips_html(classes: Sequence[str], tags: Sequence[str]) -> str:
    """Return the broker's classes and the tags of filters; classes are not said twice."""
    said = {f"broker:{one}" for one in classes}
    told = [*classes, *(tag for tag in tags if tag not in said)]
    chips = "".join(f'<span class="ad-chip">{safe(one)}</span>' for one in told)
    return f'<div class="ad-line">{chips or _dim("no class, no match, no tag")}</div>'


def neighbours_html(neighbours: Sequence[Neighbour]) -> str:
    """Return the answered objects that are most alike."""
    if not neighbours:
        return _dim("Nothing like it has been answered yet.")
    rows = "".join(
        f"<tr><td>{safe(one.object_id)}</td><td>{safe(one.answers)}</td>"
        f"<td>{safe(', '.join(one.classes))}</td>"
        f'<td class="n">{100 * (1 - one.distance):.0f} %</td></tr>'
        for one in neighbours
    )
    return (
        '<table class="ad-table"><tr><th>most like</th><th>answered</th><th>classes</th>'
        f'<th class="n">in common</th></tr>{rows}</table>'
    )


def opinions_html(opinions: Sequence[Opinion], now: datetime) -> str:
    """Return what people said of an object."""
    if not opinions:
        return _dim("Nobody else has answered.")
    return "".join(
        f'<div class="ad-line"><span class="ad-strong">{safe(one.reviewer)}</span>'
        f"<span>{safe(one.answer)}</span>"
        f'<span class="ad-dim">{ago(one.answered_at, now)}</span>'
        f"<span>{safe(', '.join(one.tags))}</span><span>{safe(one.note)}</span></div>"
        for one in opinions
    )


def _radius(link: Link) -> str:
    return (
        f"{link.radius_arcsec:g} arcsec around"
        if math.isfinite(link.radius_arcsec)
        else "this object"
    )


def _dim(text: str) -> str:
    return f'<span class="ad-dim">{text}</span>'
