"""Two minutes for a newcomer: the parts of the screen and the keys, on a simulated alert.

While it lasts the screen has no candidate, so that no key can answer one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import streamlit as st

from fink_ad.review import Candidate, example_candidate
from fink_ad.ui.figures import light_curve
from fink_ad.ui.panels import header_html, stamps_html
from fink_ad.ui.session import session

__all__ = ["tour"]


def tour(step: int) -> None:
    """Draw a step of the tour, and the way to the next."""
    title, told, draw = _STEPS[step]
    st.markdown(f"#### {step + 1} of {len(_STEPS)}: {title}")
    st.markdown(told)
    with st.spinner("Simulating an alert ..."):
        candidate = example_candidate()
    draw(candidate)
    last = step == len(_STEPS) - 1
    with st.bottom, st.container(horizontal=True, gap="small", key="tour_steps"):
        st.button("Back", key="tour_back", shortcut="left", disabled=not step, on_click=_back)
        st.button(
            "Begin" if last else "Next",
            key="tour_next",
            shortcut="right",
            type="primary",
            on_click=_next,
        )
        if not last:
            st.button("Skip the tour", key="tour_end", on_click=_end)


def _head(candidate: Candidate) -> None:
    st.html(header_html(candidate, datetime.now(UTC)))


def _curve(candidate: Candidate) -> None:
    st.plotly_chart(
        light_curve(candidate.alert, "difference", "magnitude", True),
        key="tour_curve",
        height=400,
        config={"displaylogo": False, "displayModeBar": False},
        alt="light curve of a simulated supernova",
    )


def _stamps(candidate: Candidate) -> None:
    with st.container(width=520):
        st.html(stamps_html(candidate.stamps, "of the simulated alert", candidate.survey))


def _keys(_: Candidate) -> None:
    with st.container(horizontal=True, gap="small"):
        for answer, key in (("Anomaly", "y"), ("Ordinary", "n"), ("Bogus", "b"), ("Unsure", "u")):
            st.button(
                answer, key=f"tour_{answer}", shortcut=key, on_click=_would_be, args=(answer,)
            )


def _would_be(answer: str) -> None:
    st.toast(f"That would have been: {answer.lower()}. On the tour nothing is stored.")


def _back() -> None:
    _go(-1)


def _next() -> None:
    _go(1)


def _go(steps: int) -> None:
    seat = session()
    if seat.tour_step is not None:
        step = max(seat.tour_step + steps, 0)
        seat.tour_step = step if step < len(_STEPS) else None


def _end() -> None:
    session().tour_step = None


_STEPS: tuple[tuple[str, str, Callable[[Candidate], None]], ...] = (
    (
        "what it is",
        "You see one candidate at a time. Its head says what it is called (a click selects the "
        "name), **how rare** such an alert is among those with as many detections, and later "
        "**why you are shown it**: because it is strange, because the ranking can learn from it, "
        "or by chance, as a check. This one is simulated, and its rarity an example.",
        _head,
    ),
    (
        "how it changed",
        "The **light curve**, bright is up. Bands differ in colour and shape, faint triangles "
        "are upper limits, the ring is the alert itself. Its statistics are made of the filled "
        "points; hollow ones, such as later ones, have no part in them. **M** shows fluxes instead "
        "of magnitudes, **D** the total flux instead of the difference, **L** hides the limits.",
        _curve,
    ),
    (
        "what it looks like",
        "The **stamps**: now, before, and the difference. A click on a point of the light curve "
        "shows the stamps of that night, where they are kept. Beside them you find pages "
        "elsewhere, what is known at this place, the **six features** that make it strange, and "
        "the answered objects it is **most like**.",
        _stamps,
    ),
    (
        "what you say",
        "One key answers: **Y** anomaly, **N** ordinary, **B** bogus (no real change of a "
        "source), **U** unsure. **S** skips, **Z** takes the last answer back, **1** to **6** tag, "
        "**H** helps. Try the first four here: nothing is stored. Each of your answers is learned "
        "from within seconds, and what others said stays hidden until you have answered.",
        _keys,
    ),
)
