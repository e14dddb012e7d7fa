"""Log lines tell what broke and where, and no values that somebody kept to themselves."""

import json
from collections.abc import Iterator

import pytest
import structlog

from fink_ad.telemetry import configure_logging, keep_out_of_logs
from fink_ad.telemetry.logs import _SECRETS


@pytest.fixture(autouse=True)
def _left_as_it_was() -> Iterator[None]:
    before = set(_SECRETS)
    yield
    structlog.reset_defaults()
    _SECRETS.clear()
    _SECRETS.update(before)


def broken(note: str) -> None:
    names = {"first_name": note}
    raise OSError(f"{len(names)} things broke")


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_traceback_tells_the_place_and_no_values(capsys, form):
    configure_logging("info", form)
    note = " ".join(["what", "Maria", "wrote"])  # not in the source, which a traceback quotes
    try:
        broken(note)
    except OSError:
        structlog.get_logger().exception("it_broke")
    told = capsys.readouterr().err
    assert "it_broke" in told
    assert "in broken" in told
    assert "OSError: 1 things broke" in told
    assert note not in told
    if form == "json":
        assert "in broken" in json.loads(told)["exception"]


@pytest.mark.parametrize("form", ["console", "json"])
def test_what_is_kept_out_is_in_no_line(capsys, form):
    configure_logging("info", form)
    keep_out_of_logs("12345:whole")
    keep_out_of_logs("")
    try:
        raise ValueError("the token `12345:whole` was rejected")
    except ValueError:
        structlog.get_logger().exception("refused", address="https://host/bot12345:whole/getMe")
    told = capsys.readouterr().err
    assert "12345:whole" not in told
    assert "https://host/bot***/getMe" in told
    assert "the token `***` was rejected" in told
