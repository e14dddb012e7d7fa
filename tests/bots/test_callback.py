"""Callback data: short, and read strictly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fink_ad.alerts import SURVEYS
from fink_ad.bots.callback import MAX_BYTES, Tap
from fink_ad.errors import ReviewError

ACTIONS = ["anomaly", "ordinary", "bogus", "unsure", "why", "more", "undo", "next"]
TAPS = st.builds(
    Tap,
    st.sampled_from(ACTIONS),
    st.sampled_from(SURVEYS),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(0, 10**18 - 1),
)


@given(TAPS)
def test_what_was_written_is_read_and_fits(tap: Tap):
    data = tap.encode()
    assert Tap.decode(data) == tap
    assert 1 <= len(data.encode()) <= MAX_BYTES


@given(st.text() | st.from_regex(r"1\|[a-z]\|ztf\|-?\d{1,25}\|\d{1,25}\n?", fullmatch=True))
def test_anything_else_is_refused_or_means_exactly_itself(data: str):
    try:
        tap = Tap.decode(data)
    except ReviewError:
        return
    assert tap.encode() == data


@pytest.mark.parametrize(
    "data",
    [
        "",
        "1|a|ztf|12|3|",
        "1|a|ztf|12|3\n",
        "2|a|ztf|12|3",
        "1|x|ztf|12|3",
        "1|a|des|12|3",
        "1|a|ztf|012|3",
        "1|a|ztf|+12|3",
        "1|a|ztf|1_2|3",
        "1|a|ztf|٣|3",
        "1|a|ztf|9223372036854775808|3",
        "A_2345_ZTF18aaaaaaa",
    ],
)
def test_near_misses_are_refused(data: str):
    with pytest.raises(ReviewError, match="another version"):
        Tap.decode(data)


def test_an_action_there_is_not_is_refused():
    with pytest.raises(ReviewError, match="no action"):
        Tap("delete", "ztf", 1)  # type: ignore[arg-type]
