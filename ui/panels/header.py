"""The head of a candidate: what it is, how strange, and why it is here."""

from __future__ import annotations

import math
from datetime import datetime

from fink_ad.review import Candidate
from fink_ad.ui.text import ago, rarity, safe, utc

__all__ = ["header_html"]


def header_html(candidate: Candidate, now: datetime) -> str:
    """Return the name of the object, how strange it is, and why it was drawn."""
    strange = candidate.strangeness
    sign = "fainter than the reference, " if candidate.below else ""
    mag = f"{candidate.band} {candidate.mag:.2f}" if math.isfinite(candidate.mag) else "-"
    told = [
        f'<span class="ad-name">{safe(candidate.object_id)}</span>',
        f'<span class="ad-strong">{_rarity(candidate)}</span>',
        f"<span>{sign}{safe(mag)} mag</span>",
        f"<span>{candidate.n_det} detection{'s' if candidate.n_det != 1 else ''}</span>",
        f'<span title="{utc(candidate.seen_at)}">seen {ago(candidate.seen_at, now)}</span>',
    ]
    if candidate.p_interesting is not None:
        told.append(
            f"<span>interesting with p = {candidate.p_interesting:.2f} "
            f"({candidate.n_calibration} answers)</span>"
        )
    below = [
        f"ra {candidate.ra_deg:.5f} dec {candidate.dec_deg:+.5f}",
        f"l {candidate.l_deg:.3f} b {candidate.b_deg:+.3f}",
        f"listed on {candidate.times_listed} of the last 90 nights",
        f"model {safe(strange.revision[:10]) or '-'}",
        f"night {candidate.night}",
    ]
    showing = candidate.showing
    if candidate.times_shown > 1 or (showing is None and candidate.times_shown):
        below.append(f"shown to you {_times(candidate.times_shown)}")
    if showing is not None:
        below.insert(0, f"place {showing.place:,} of {showing.order_size:,}")
        below.insert(0, f'<span class="ad-strong">{safe(showing.reason)}</span>')
    return (
        f'<div class="ad-line">{"".join(told)}</div>'
        f'<div class="ad-line ad-dim">{"".join(f"<span>{one}</span>" for one in below)}</div>'
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _rarity(candidate: Candidate) -> str:
    strange = candidate.strangeness
    if not math.isfinite(strange.one_in):
        return "rarity unknown"
    about = "about " if strange.provisional else ""
    return about + rarity(strange.one_in, strange.beyond)
