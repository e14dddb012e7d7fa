"""A candidate in words: the caption of its picture, short enough for a message.

Captions are HTML of the few tags that messages know. All texts of packets are cut and escaped;
what matters least is left out first when the limit is reached.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from html import escape

from fink_ad.review.candidate import Candidate, Strangeness

__all__ = ["CAPTION_LENGTH", "age_text", "caption", "plain_text", "rarity_text", "reasons_text"]

CAPTION_LENGTH = 1024
"""Characters of a caption, counted in UTF-16 units after its tags were read."""

_IN_DOUBT = "This message may have been sent before."
_NAME_LENGTH = 60
_N_FEATURES = 3
_LINKS = ("TNS", "SIMBAD", "NED", "VizieR", "Aladin", "SNAD")


@dataclass(frozen=True)
class _Line:
    """A line as HTML, and as it is shown; those of high rank go first when there is no room."""

    html: str
    shown: str
    rank: int = 0


def caption(candidate: Candidate, reason: str = "", in_doubt: bool = False) -> str:
    """Return the caption of a candidate's message.

    Parameters
    ----------
    reason : str
        Why it is shown now, or what changed since it was last sent; by default as its showing
        says.
    in_doubt : bool
        Say that the message may have been sent before.
    """
    reason = reason or (candidate.showing.reason if candidate.showing else "")
    lines = [
        _title(candidate),
        _plain(_strangeness(candidate)),
        _plain(_brightness(candidate)),
        _plain(_position(candidate)),
        _plain(f"{candidate.seen_at:%Y-%m-%d %H:%M} UTC, {age_text(candidate.age)} ago"),
        _plain(f"Shown because: {reason}" if reason else "", 1),
        _plain(
            f"Classes: {', '.join(candidate.broker_classes)}" * bool(candidate.broker_classes), 2
        ),
        _plain(f"Tags: {', '.join(candidate.tags)}" * bool(candidate.tags), 4),
        *(_plain(f"• {text}", 3) for text in reasons_text(candidate)[:_N_FEATURES]),
        _plain(_times(candidate), 5),
        _links(candidate),
        _plain(_IN_DOUBT * in_doubt),
    ]
    return "\n".join(line.html for line in _fitting([line for line in lines if line.shown]))


def plain_text(body: str, *, in_doubt: bool) -> str:
    """Return a message without a candidate; it says if it may have been sent before."""
    return f"{body}\n{_IN_DOUBT}" if in_doubt else body


def reasons_text(candidate: Candidate) -> list[str]:
    """Return what makes a candidate strange, a line for each feature, strongest first."""
    told = []
    for one in candidate.features:
        value = "not defined" if one.value is None else f"{one.value:.4g} {one.unit}".strip()
        meaning = one.meaning.rstrip(".") or one.name
        told.append(f"{meaning}: {value}{_percentile(one.percentile)}")
    return told


def rarity_text(strange: Strangeness) -> str:
    """Return a rarity in words; empty if it is unknown."""
    if not math.isfinite(strange.one_in):
        return ""
    how = "rarer than " if strange.beyond else ""
    number = f"{strange.one_in:,.0f}".replace(",", "\u202f")
    return f"{how}1 in {number}{' (provisional)' if strange.provisional else ''}"


def age_text(age: timedelta) -> str:
    """Return how long ago something was, in its largest unit."""
    minutes = age.total_seconds() / 60
    if minutes < 90:
        return f"{max(minutes, 0):.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 48 * 60 else f"{minutes / 1440:.0f} d"


def _title(candidate: Candidate) -> _Line:
    name = _cut(candidate.object_id, _NAME_LENGTH)
    by_id = [link.url for link in candidate.links if math.isnan(link.radius_arcsec)]
    html = f"<b>{escape(name)}</b>"
    if by_id:
        html = f'<b><a href="{escape(by_id[0])}">{escape(name)}</a></b>'
    rest = f" · {candidate.survey.upper()} {candidate.population.replace('_', ' ')}"
    return _Line(html + rest, name + rest)


def _strangeness(candidate: Candidate) -> str:
    strange = candidate.strangeness
    told = [rarity_text(strange) or f"score {strange.score:.4f}"]
    if candidate.p_interesting is not None:
        told.append(
            f"{candidate.p_interesting:.0%} were interesting so far"
            f" (of {candidate.n_calibration} answers)"
        )
    return ", ".join(told).capitalize()


def _brightness(candidate: Candidate) -> str:
    told = []
    if math.isfinite(candidate.mag):
        below = " below the reference" if candidate.below else ""
        told.append(f"{candidate.band} = {candidate.mag:.2f}{below}")
    told.append(f"{candidate.n_det} detection{'s' * (candidate.n_det != 1)}")
    real_bogus = float(candidate.alert.numbers("real_bogus")[0])
    if math.isfinite(real_bogus):
        told.append(f"real-bogus {real_bogus:.2f}")
    return ", ".join(told)


def _position(candidate: Candidate) -> str:
    if not math.isfinite(candidate.ra_deg + candidate.dec_deg):
        return ""
    return (
        f"{candidate.ra_deg:.5f} {candidate.dec_deg:+.5f}"
        f" (l {candidate.l_deg:.1f}, b {candidate.b_deg:+.1f})"
    )


def _times(candidate: Candidate) -> str:
    n = candidate.times_listed
    return f"A candidate on {n} night{'s' * (n != 1)} of the last 90 days" if n else ""


def _links(candidate: Candidate) -> _Line:
    found = [link for link in candidate.links if link.name in _LINKS]
    html = " · ".join(f'<a href="{escape(link.url)}">{link.name}</a>' for link in found)
    return _Line(html, " · ".join(link.name for link in found), 6)


def _percentile(percentile: float | None) -> str:
    if percentile is None:
        return ""
    if percentile >= 50:
        share, side = 100 - percentile, "higher"
    else:
        share, side = percentile, "lower"
    return f" ({side} in {share:.2g} %)" if share >= 0.01 else f" ({side} than all others)"


def _plain(text: str, rank: int = 0) -> _Line:
    shown = _cut(text, 200)
    return _Line(escape(shown), shown, rank)


def _cut(text: str, length: int) -> str:
    """Cut a stranger's text, and replace what does not print."""
    text = "".join(one if one.isprintable() else "\ufffd" for one in text[: length + 1])
    return text if len(text) <= length else text[: length - 1] + "…"


def _fitting(lines: list[_Line]) -> list[_Line]:
    """Leave out lines of the highest rank, from the last, until the rest fits."""
    kept = list(lines)
    while _length(kept) > CAPTION_LENGTH and any(line.rank for line in kept):
        highest = max(line.rank for line in kept)
        place = max(i for i, line in enumerate(kept) if line.rank == highest)
        del kept[place]
    return kept


def _length(lines: list[_Line]) -> int:
    return sum(len(line.shown.encode("utf-16-le")) // 2 + 1 for line in lines)
