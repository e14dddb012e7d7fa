"""`fink-ad ui`: what it refuses, how it ends, and that nothing outlives it."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

UI = (sys.executable, "-c", "from fink_ad.cli import main; main()", "--home")


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--address", "0.0.0.0"], 2, "people have to sign in: say how in [auth] of "),  # noqa: S104
        (["--address", "no.such.host"], 2, "people have to sign in"),
        (["--address", "127.0.0.300"], 2, "people have to sign in"),
        (["--port", "0"], 2, "--port"),
    ],
)
def test_a_page_that_everybody_could_enter_is_refused(fink_ad, arguments, code, told) -> None:
    done = fink_ad("ui", "--no-learner", *arguments)
    assert done.code == code
    assert told in " ".join(done.err.split())


def test_people_who_could_not_sign_in_are_refused(fink_ad, monkeypatch) -> None:
    monkeypatch.setenv("FINK_AD_UI__PEOPLE", '{"ada@example.org": "ada"}')
    done = fink_ad("ui", "--no-learner")
    assert done.code == 2
    assert "ui.people names who signs in, but nobody can" in done.err


def test_a_sign_in_that_makes_no_sense_is_told_before_anything_starts(fink_ad, home: Path) -> None:
    home.mkdir()
    (home / "secrets.toml").touch(0o600)
    (home / "secrets.toml").write_text('[auth]\nclient_id = "x"\n')
    done = fink_ad("ui", "--no-learner")
    assert done.code == 2
    assert "lacks redirect_uri, cookie_secret, client_secret, server_metadata_url" in done.err


def test_a_wrong_setting_of_a_provider_is_told_before_anything_starts(fink_ad, monkeypatch) -> None:
    monkeypatch.setenv("FINK_AD_PROVIDER", '{"period_search": {"min_points": 3}}')
    done = fink_ad("ui", "--no-learner")
    assert done.code == 2
    assert "min_points" in done.err


@pytest.mark.enable_socket
def test_a_port_in_use_is_named_with_the_way_out(fink_ad) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        done = fink_ad("ui", "--no-learner", "--port", taken)
    assert done.code == 1
    assert f"port {taken} of 127.0.0.1 is in use" in done.err
    assert "--port" in done.err


@pytest.mark.enable_socket
def test_an_address_that_is_not_ours_is_told(fink_ad, monkeypatch, port: int) -> None:
    monkeypatch.setenv("FINK_AD_UI__TRUST_NETWORK", "true")
    done = fink_ad("ui", "--no-learner", "--address", "192.0.2.1", "--port", port)
    assert done.code == 2
    assert f"cannot listen on 192.0.2.1, port {port}" in done.err


@contextmanager
def running(home: Path, port: int, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """Start `fink-ad ui` and wait for its page; it is killed if it is there still."""
    home.mkdir(mode=0o700, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if "FINK_AD" not in name}
    words = [*UI, str(home), "ui", "--port", str(port), *options]
    with subprocess.Popen(
        words,
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    ) as child:
        try:
            _wait_for_page(child, port)
            yield child
        finally:
            child.kill()


def _wait_for_page(child: "subprocess.Popen[str]", port: int) -> None:
    waiting = iter(range(600))
    while child.poll() is None and next(waiting, None) is not None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5).close()
            return
        except OSError:
            with pytest.raises(subprocess.TimeoutExpired):
                child.wait(0.1)
    raise AssertionError("the page did not start")


@pytest.mark.kill
@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("wish", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, 0), (signal.SIGINT, 130)]
)
def test_however_it_ends_nothing_outlives_it(home: Path, port: int, wish: int, code: int) -> None:
    with running(home, port) as page:
        parts = psutil.Process(page.pid).children(recursive=True)
        assert len(parts) == 2, "a page and a learner"
        page.send_signal(wish)
        _, left = psutil.wait_procs(parts, timeout=60)
        assert not left
        assert page.wait(60) == code
        assert page.stdout is not None
        assert "Traceback" not in page.stdout.read()
