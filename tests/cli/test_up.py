"""`fink-ad up`: what it runs, what it says, how it ends; and the units that start it."""

import configparser
import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from fink_ad.bots import sender
from fink_ad.cli import app
from fink_ad.cli.up import COMMANDS
from fink_ad.operations.supervisor import GRACE_SECONDS
from fink_ad.review.doors import serving
from fink_ad.scheduler import JOBS

UNITS = sorted((Path(__file__).parents[2] / "deploy" / "systemd").glob("*.service"))
UP = (sys.executable, "-c", "from fink_ad.cli import main; main()", "--home")


def command_named(*words: str) -> typer.core.TyperCommand:
    """Return the command that words after ``fink-ad`` name."""
    found = typer.main.get_command(app)
    for word in words:
        found = found.commands[word]  # type: ignore[attr-defined]
    return found  # type: ignore[return-value]


@pytest.mark.parametrize("words", COMMANDS.values(), ids=" ".join)
def test_every_service_is_a_command_with_these_options(words):
    name, *options = words
    known = {
        option
        for parameter in command_named(name).params
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    assert set(options) <= known


@pytest.mark.slow
@pytest.mark.parametrize(("wish", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_one_signal_ends_all_in_order(home: Path, wish: int, code: int):
    only = ("--only", "scheduler", "--only", "learner")
    never = json.dumps({job.name: "" for job in JOBS})
    environment = os.environ | {"FINK_AD_SCHEDULER__JOBS": never}
    with subprocess.Popen(
        [*UP, home, "up", *only], stdout=subprocess.PIPE, text=True, env=environment
    ) as running:
        assert running.stdout is not None
        lines = []
        for line in running.stdout:
            lines.append(line.rstrip())
            if "scheduler at work" in line:
                running.send_signal(wish)
        assert running.wait(30) == code
    assert lines[0].startswith("up        | scheduler started, process ")
    assert "scheduler | scheduler at work; Ctrl-C ends it" in lines
    assert lines[-1] == "up        | all ended"
    assert not any("Traceback" in line for line in lines)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--only", "bot"], "no bot: it has no token; set FINK_AD_BOT__TOKEN"),
        (["--only", "bot", "--without", "page"], "no bot: it has no token"),
        (["--only", "page", "--without", "page"], "nothing is left to run"),
        (["--only", "worker"], "no worker: it follows no folder; set run.follow"),
    ],
)
def test_what_cannot_run_is_told_before_anything_starts(fink_ad, options, said):
    told = fink_ad("up", *options)
    assert told.code == 2
    assert said in told.err


def test_help_fits_a_terminal_and_names_all(fink_ad):
    told = fink_ad("up", "--help")
    assert told.code == 0
    assert max(map(len, told.out.splitlines())) <= 80
    assert all(name in told.out for name in COMMANDS)


def test_there_are_units():
    assert {unit.name for unit in UNITS} >= {"fink-ad.service", "fink-ad@.service"}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_a_command_there_is_and_is_confined(unit: Path):
    read = configparser.ConfigParser(interpolation=None, strict=False)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read(unit)
    service = read["Service"]
    program, *words = shlex.split(service["ExecStart"])
    assert Path(program).name == "fink-ad"
    instances = [""]
    if "@" in unit.name:
        instances = read["X-Fink-AD"]["Instances"].split()
        assert set(instances) == {words[0] for words in COMMANDS.values()}
    for instance in instances:
        name, *options = [word.replace("%i", instance) for word in words]
        known = {option for parameter in command_named(name).params for option in parameter.opts}
        assert set(options) <= known
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["StateDirectory"] == "fink-ad"
    assert service["EnvironmentFile"].startswith("-/etc/fink-ad/")
    assert "User" in service or service.get("DynamicUser") == "yes"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_whoever_sends_has_time_to_end_it(unit: Path):
    read = configparser.ConfigParser(interpolation=None, strict=False)
    read.read(unit)
    longest = sender._STOP_SECONDS + serving._END_SECONDS
    assert longest < GRACE_SECONDS < read["Service"].getint("TimeoutStopSec")


def test_the_file_of_secrets_is_made_on_a_machine_that_has_no_folder_for_it(tmp_path: Path):
    (line,) = [
        line.removeprefix("#").partition(" # ")[0]
        for line in UNITS[0].with_name("fink-ad.service").read_text().splitlines()
        if "install -" in line and "/etc/fink-ad/" in line
    ]
    path = tmp_path / "fink-ad" / "fink-ad.env"
    subprocess.run(shlex.split(line.replace("/etc/fink-ad/fink-ad.env", str(path))), check=True)
    assert path.stat().st_mode & 0o777 == 0o600
