"""`fink-ad run --follow`: what it follows, what it refuses, how it ends."""

import json
import os
import re
import signal
import threading
import time
import tomllib
from pathlib import Path

import pytest
import typer

from fink_ad.cli import app
from fink_ad.config import RunSettings
from fink_ad.store import Store


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run",), "nothing to read: name files or folders, or set run.follow"),
        (("run", "--follow"), "nothing to read"),
        (("run", "--follow", __file__), "is no folder"),
        (("run", "--follow", "--order", "time", "."), "cannot be sorted"),
    ],
)
def test_what_makes_no_sense_is_refused(fink_ad, arguments, said):
    told = fink_ad(*arguments)
    assert told.code == 2
    assert said in told.err


@pytest.mark.parametrize("wish", ["terminate", "interrupt"])
def test_the_folders_of_the_settings_are_followed_until_a_signal(fink_ad, home, tmp_path, wish):
    home.mkdir()
    folders = [str(tmp_path / "alerts"), str(tmp_path / "missing")]
    (tmp_path / "alerts").mkdir()
    told_to = {"follow": folders, "poll_seconds": 0.05}
    lines = [f"{key} = {json.dumps(value)}" for key, value in told_to.items()]
    (home / "fink-ad.toml").write_text("\n".join(["[run]", *lines]))
    signum = signal.SIGTERM if wish == "terminate" else signal.SIGINT

    def send() -> None:
        until = time.monotonic() + 60
        while not (home / "worker.lock").exists() and time.monotonic() < until:
            time.sleep(0.01)
        os.kill(os.getpid(), signum)

    sender = threading.Thread(target=send)
    sender.start()
    told = fink_ad("run", "--json")
    sender.join()
    assert told.code == (0 if wish == "terminate" else 130)
    assert told.json["n_in"] == 0
    assert f"following {', '.join(folders)}; Ctrl-C ends it" in told.err


def test_the_page_about_following_names_settings_and_commands_that_exist():
    text = (Path(__file__).parents[2] / "docs" / "following.md").read_text()
    (block,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    told = tomllib.loads(block)["run"]
    assert RunSettings.model_validate(told).poll_seconds == RunSettings().poll_seconds
    assert told.keys() == RunSettings.model_fields.keys()
    known = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert set(re.findall(r"(?:`|    )fink-ad ([a-z-]+)", text)) <= set(known)


def test_after_a_failure_a_script_is_told_the_counts(fink_ad, home, tmp_path):
    with Store.open(home) as store, store.sole_worker():
        told = fink_ad("run", "--follow", "--json", tmp_path)
    assert told.code == 1
    assert "already" in told.json["error"]
    assert told.json["n_in"] == 0
