"""The light curve on the page, with the keys that change how it is drawn."""

from __future__ import annotations

import streamlit as st

from fink_ad.review import Candidate, Overlays
from fink_ad.ui.figures import light_curve
from fink_ad.ui.session import Session, session
from fink_ad.ui.text import escaped

__all__ = ["curve_chart"]

_HEIGHT_PX = 455


def curve_chart(seat: Session, candidate: Candidate) -> int | None:
    """Draw the light curve; return the id of the point that was clicked, if it has one."""
    overlays = seat.desk.overlays(candidate)
    period = overlays.period if seat.folded else None
    figure = light_curve(
        candidate.alert,
        seat.flux,
        seat.scale,
        seat.limits,
        known=overlays.alert,
        curves=overlays.curves if seat.models else (),
        period=period,
    )
    event = st.plotly_chart(
        figure,
        key="curve",
        height=_HEIGHT_PX,
        on_select="rerun",
        selection_mode="points",
        config={"displaylogo": False, "displayModeBar": False},
        alt=f"light curve of {candidate.n_det} detections",
    )
    with st.container(horizontal=True, gap="small"):
        other = "flux" if seat.scale == "magnitude" else "magnitudes"
        st.button(f"Show {other}", key="scale", shortcut="m", on_click=_switch_scale)
        limits = "Hide limits" if seat.limits else "Show limits"
        st.button(limits, key="limits", shortcut="l", on_click=_switch_limits)
        flux = "total" if seat.flux == "difference" else "difference"
        st.button(f"Show {flux} flux", key="flux", shortcut="d", on_click=_switch_flux)
        _overlay_buttons(seat, overlays)
    for failure in overlays.failures:
        st.caption(escaped(failure))
    return _picked(event)


def _overlay_buttons(seat: Session, overlays: Overlays) -> None:
    """Offer what there is for this light curve, and nothing else."""
    folded = seat.folded and overlays.period is not None
    if overlays.curves and not folded:
        models = "Hide models" if seat.models else "Show models"
        st.button(models, key="models", shortcut="o", on_click=_switch_models)
    if overlays.period is not None:
        fold = "Unfold" if folded else "Fold"
        st.button(fold, key="fold", shortcut="p", on_click=_switch_folded)


def _picked(event: object) -> int | None:
    points = getattr(getattr(event, "selection", None), "points", [])
    for point in points:
        told = point.get("customdata")
        text = told[0] if isinstance(told, list) and told else told
        if isinstance(text, str) and text.isdigit():
            return int(text)
    return None


def _switch_scale() -> None:
    seat = session()
    seat.scale = "flux" if seat.scale == "magnitude" else "magnitude"


def _switch_limits() -> None:
    seat = session()
    seat.limits = not seat.limits


def _switch_flux() -> None:
    seat = session()
    seat.flux = "total" if seat.flux == "difference" else "difference"


def _switch_models() -> None:
    seat = session()
    seat.models = not seat.models


def _switch_folded() -> None:
    seat = session()
    seat.folded = not seat.folded
