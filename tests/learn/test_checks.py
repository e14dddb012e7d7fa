"""What keeps an order from being shown."""

import numpy as np
import pytest

from fink_ad.config import LearnSettings
from fink_ad.learn.checks import artefacts, check_order
from fink_ad.store import KeptIndex, Order


def order_of(names: list[str]) -> Order:
    n = len(names)
    return Order(
        alert_id=np.arange(n),
        object_id=np.array(names, object),
        night=np.full(n, 20260301),
        n_det=np.ones(n),
        score=np.linspace(1, 0, n),
        one_in=np.ones(n),
        beyond=np.zeros(n),
        novelty=np.ones(n),
        p_interesting=np.full(n, np.nan),
    )


NAMES = [f"object{i}" for i in range(300)]
SETTINGS = LearnSettings(floor_overlap=0.2, max_artefact_share=0.5)


@pytest.mark.parametrize(("shift", "overlap"), [(0, 1.0), (80, 0.2), (81, 0.19), (150, 0.0)])
def test_too_few_of_the_strangest_stay(shift: int, overlap: float) -> None:
    checked = check_order(order_of(NAMES[shift:] + NAMES[:shift]), order_of(NAMES), (), SETTINGS)
    assert checked.figures["overlap"] == pytest.approx(overlap)
    assert bool(checked.failures) == (overlap < 0.2)
    if checked.failures:
        assert "learn.floor_overlap" in checked.failures[0]


def test_objects_that_are_gone_do_not_count() -> None:
    checked = check_order(order_of(NAMES[90:]), order_of(NAMES), (), SETTINGS)
    assert checked.figures["overlap"] == 1.0
    assert check_order(order_of([]), order_of(NAMES), (), SETTINGS).failures == ()
    assert check_order(order_of(NAMES), None, (), SETTINGS).figures["overlap"] is None


def test_known_artefacts_may_not_take_the_top_over() -> None:
    before, after = order_of(NAMES), order_of(NAMES[40:] + NAMES[:40])
    assert check_order(after, before, NAMES[40:90], SETTINGS).failures == ()
    checked = check_order(after, before, NAMES[:40] + NAMES[100:140], SETTINGS)
    assert checked.failures == ()
    checked = check_order(after, before, NAMES[80:140], SETTINGS)
    assert checked.figures["artefact_share"] == 0.6
    assert checked.figures["artefact_share_before"] == 0.2
    assert "60% of the 100 strangest objects are known artefacts" in checked.failures[0]
    # Where there were as many before, it is no fault of the new order.
    assert check_order(after, before, NAMES[40:], SETTINGS).failures != ()
    assert check_order(before, after, NAMES[40:], SETTINGS).failures == ()


def test_artefacts_are_answered_so_or_tagged() -> None:
    names = np.array(["a", "b", "c", "a"], object)
    tags = np.empty(4, object)
    tags[:] = [(), ("sign_unknown", "x"), ("x",), ()]
    numbers = {
        name: np.zeros(4)
        for name in ("alert_id", "night", "mjd_utc", "ra_deg", "dec_deg", "n_det", "score")
    }
    index = KeptIndex(
        object_id=names,
        tags=tags,
        band=names,
        model_revision=names,
        feature_schema=names,
        kept_for=np.zeros(4),
        **numbers,
    )
    assert artefacts(index, {"z"}) == {"b", "z"}
