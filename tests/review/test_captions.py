"""Captions and pictures: short, harmless, and nothing is left behind."""

import gc
import html
import re
from dataclasses import replace

import matplotlib.pyplot as plt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from fink_ad.review.candidate import Candidate
from fink_ad.review.captions import CAPTION_LENGTH, caption
from fink_ad.review.gather import candidate_view
from fink_ad.review.pictures import candidate_picture


@pytest.fixture
def candidate(store, model, strangest) -> Candidate:
    return candidate_view(store, "ztf", strangest[0].alert_id, model=model)


def shown(text: str) -> str:
    return html.unescape(re.sub(r"</?[a-z][^<>]*>", "", text))


def test_a_caption_says_what_is_needed(candidate: Candidate):
    text = shown(caption(candidate, "brightened by 1.2 mag in g"))
    lines = text.splitlines()
    assert lines[0] == f"{candidate.object_id} · ZTF transient"
    assert "1 in" in lines[1]
    assert f"{candidate.ra_deg:.5f}" in text
    assert f"b {candidate.b_deg:+.1f}" in text
    assert "UTC" in text
    assert "Shown because: brightened by 1.2 mag in g" in text
    assert text.count("•") == 3
    assert "TNS · SIMBAD" in text
    assert "sent before" not in text
    assert "sent before" in caption(candidate, in_doubt=True)


words = st.text(st.characters(codec="utf-8"), max_size=3000)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=words, classes=st.lists(words, max_size=30), reason=words)
def test_no_text_of_a_stranger_breaks_it(candidate: Candidate, name, classes, reason):
    hostile = replace(
        candidate,
        object_id=name,
        broker_classes=tuple(classes),
        tags=tuple(classes),
        features=tuple(one._replace(meaning=reason, unit=name) for one in candidate.features),
    )
    text = caption(hostile, reason)
    assert len(shown(text).encode("utf-16-le")) / 2 <= CAPTION_LENGTH
    assert set(re.findall(r"</?([a-z]+)", text)) <= {"a", "b"}
    assert not re.search(r"&(?!(amp|lt|gt|quot|#x27);)", text)
    assert shown(text).isprintable() or "\n" in text


def test_a_picture_is_upright_and_leaves_no_figure(candidate: Candidate):
    picture = candidate_picture(candidate)
    assert picture.startswith(b"\x89PNG")
    width, height = (int.from_bytes(picture[at : at + 4]) for at in (16, 20))
    assert (width, height) == (900, 1100)
    assert plt.get_fignums() == []


def test_pictures_leave_nothing_behind(candidate: Candidate):
    def figures() -> int:
        gc.collect()
        return sum(isinstance(one, Figure) for one in gc.get_objects())

    candidate_picture(candidate)  # fonts and the like stay, once
    before, known = figures(), len(gc.get_objects())
    for _ in range(10):
        candidate_picture(candidate)
    assert figures() == before
    assert plt.get_fignums() == []
    assert len(gc.get_objects()) < known + 2000  # one figure has more


def test_a_picture_of_nothing_but_a_strange_name(candidate: Candidate):
    odd = replace(candidate, object_id="$\\frac{1}{0}$ \N{PILE OF POO}" * 20, stamps={})
    assert candidate_picture(odd).startswith(b"\x89PNG")
    nowhere = replace(candidate, ra_deg=float("nan"), dec_deg=float("nan"), mag=float("nan"))
    assert candidate_picture(nowhere) != candidate_picture(candidate)
