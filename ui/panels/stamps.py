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


def stamps_html(stamps: Mapping[str, bytes | None], caption: str = "") -> str:
    """Return the science, template and difference stamps, or grey fields that say there is none.

    Parameters
    ----------
    stamps : mapping of str to bytes or None
        As the packet had them.
    caption : str
        HTML of one line below: whose stamps these are.
    """
    return _drawn(tuple(sorted(stamps.items()))) + f'<div class="ad-dim ad-line">{caption}</div>'


@lru_cache(maxsize=64)
def _drawn(stamps: tuple[tuple[str, bytes | None], ...]) -> str:
    figures = [
        f"<figure>{_image(name, picture)}<figcaption>{name} ({_STRETCH[name]}){_north(picture)}"
        "</figcaption></figure>"
        for name, picture in stamp_pictures(dict(stamps)).items()
    ]
    return f'<div class="ad-stamps">{"".join(figures)}</div>'


def _image(name: str, picture: Picture | None) -> str:
    if picture is None:
        return f'<div class="ad-none" role="img" aria-label="no {name} stamp">no stamp</div>'
    buffer = io.BytesIO()
    Image.fromarray(picture[0]).save(buffer, "PNG")
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return f'<img alt="{name} stamp" src="data:image/png;base64,{encoded}">'


def _north(picture: Picture | None) -> str:
    """Say where north is, if the stamp does."""
    if picture is None or not math.isfinite(picture[1]):
        return ""
    side = "left" if picture[1] > 0 else "right"
    return f", N {abs(picture[1]):.0f}° {side} of up" if abs(picture[1]) >= 0.5 else ", N up"
