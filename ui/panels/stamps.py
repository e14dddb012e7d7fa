"""The three stamps side by side."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fink_ad.review import stamp_pictures

__all__ = ["stamps_html"]

Picture = tuple[NDArray[np.uint8], float]
"""Grey values, and where north is."""

_STRETCH = {"science": "asinh", "template": "asinh", "difference": "linear"}


def stamps_html(stamps: Mapping[str, bytes | None], caption: str = "", survey: str = "") -> str:
    """Return the science, template and difference stamps, or grey fields that say there is none.

    Parameters
    ----------
    stamps : mapping of str to bytes or None
        As the packet had them.
    caption : str
        HTML of one line below: whose stamps these are.
    survey : str
        Where they are from, for those that do not say how they lie on the sky.
    """
    return (
        _drawn(tuple(sorted(stamps.items())), survey)
        + f'<div class="ad-dim ad-line">{caption}</div>'
    )


@lru_cache(maxsize=64)
def _drawn(stamps: tuple[tuple[str, bytes | None], ...], survey: str) -> str:
    figures = [
        f"<figure>{_image(name, picture)}{_arrow(picture)}"
        f"<figcaption>{name} ({_STRETCH[name]}){_north(picture)}</figcaption></figure>"
        for name, picture in stamp_pictures(dict(stamps), survey).items()
    ]
    return f'<div class="ad-stamps">{"".join(figures)}</div>'


def _image(name: str, picture: Picture | None) -> str:
    if picture is None:
        return f'<div class="ad-none" role="img" aria-label="no {name} stamp">no stamp</div>'
    buffer = io.BytesIO()
    Image.fromarray(picture[0]).save(buffer, "PNG")
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return f'<img alt="{name} stamp" src="data:image/png;base64,{encoded}">'


def _arrow(picture: Picture | None) -> str:
    """Draw where north is in a corner of the stamp, if it is known."""
    if picture is None or not math.isfinite(picture[1]):
        return ""
    turn = f"transform: rotate({-picture[1]:.1f}deg)"
    return f'<span class="ad-north" style="{turn}" aria-hidden="true">N<br>|</span>'


def _north(picture: Picture | None) -> str:
    """Say where north is, or that nobody does."""
    if picture is None:
        return ""
    if not math.isfinite(picture[1]):
        return ", north not given"
    side = "left" if picture[1] > 0 else "right"
    return f", N {abs(picture[1]):.0f}° {side} of up" if abs(picture[1]) >= 0.5 else ", N up"
