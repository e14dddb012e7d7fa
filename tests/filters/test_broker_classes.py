"""What the broker says becomes tags: short, visible, and never too many."""

import numpy as np
import pytest

from fink_ad.alerts import AlertBatch
from fink_ad.features import Context
from fink_ad.filters import KEEP
from fink_ad.filters.broker_classes import (
    MAX_LENGTH,
    MAX_PER_ALERT,
    MAX_PER_BATCH,
    BrokerClasses,
)
from fink_ad.testing import check_filter_provider, make_batch

CURVE = {"mjd_utc": 61000.0, "band": "g", "diff_flux_njy": 1e5, "diff_flux_err_njy": 1e4}


def tags(classes):
    batch = make_batch("ztf", [CURVE] * len(classes), broker_classes=classes)
    verdicts = BrokerClasses().judge(batch, None, None, Context())
    assert (verdicts.verdict == KEEP).all()
    return {tag: mask.tolist() for tag, mask in verdicts.tags.items()}


def test_keeps_the_contract():
    check_filter_provider(BrokerClasses())


def test_each_class_is_a_tag():
    found = tags([["simbad=RRLyr", "tns=SN Ia"], [], None, ["simbad=RRLyr", None, "simbad=RRLyr"]])
    assert found == {
        "broker:simbad=RRLyr": [True, False, False, True],
        "broker:tns=SN Ia": [True, False, False, False],
    }


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("tns=SN\n\tIa", "broker:tns=SN Ia"),
        ("a=\x1b[31mred\x00", "broker:a=[31mred"),
        ("a=\u202edesrever\u200b", "broker:a=desrever"),
        ("a=" + "x" * 10_000, "broker:a=" + "x" * (MAX_LENGTH - 3) + "…"),
        ("a=<script>", "broker:a=<script>"),
    ],
)
def test_text_of_a_stranger_is_one_short_visible_line(text, tag):
    assert tags([[text]]) == {tag: [True]}


def test_text_of_which_nothing_is_left_is_no_tag():
    assert tags([["\x00", "   ", ""]]) == {}


def test_texts_that_look_the_same_are_one_tag():
    assert tags([["a=b"], ["a=b\x00"]]) == {"broker:a=b": [True, True]}


def test_many_classes_stay_bounded():
    assert len(tags([[f"a={n}" for n in range(1000)]])) == MAX_PER_ALERT
    each_its_own = [[f"a={n}-{k}" for k in range(30)] for n in range(100)]
    each_its_own += [["common"]] * 3
    found = tags(each_its_own)
    assert len(found) == MAX_PER_BATCH
    assert sum(found["broker:common"]) == 3


def test_a_part_of_a_batch_and_no_alerts():
    batch = make_batch("ztf", [CURVE] * 3, broker_classes=[["a=1"], ["a=2"], ["a=3"]])
    sliced = AlertBatch(batch.record_batch.slice(1, 2))
    verdicts = BrokerClasses().judge(sliced, None, None, Context())
    assert {tag: mask.tolist() for tag, mask in verdicts.tags.items()} == {
        "broker:a=2": [True, False],
        "broker:a=3": [False, True],
    }
    assert BrokerClasses().judge(AlertBatch.empty(), None, None, Context()).tags == {}
    assert np.array_equal(verdicts.verdict, [KEEP, KEEP])
