"""Compiled kernels are kept where nobody else can write, or not at all."""

import os
import stat
import subprocess
import sys

import pytest

from fink_ad.compile_cache import private_folder

SCRIPT = """
import numba
from fink_ad.compile_cache import CACHED, kernel_folder
from fink_ad.alerts.avro import read_packets
schema = '{"type": "record", "name": "a", "fields": [{"name": "x", "type": "long"}]}'
(group,) = read_packets([b"\\x0e"], ["x"], schema=schema).groups
print(CACHED, kernel_folder(), group.top.columns["x"].values[0])
"""


def run(home, **extra):
    """Run the script with a home of its own; return what it prints."""
    environment = {name: v for name, v in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache"), **extra}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.slow
def test_the_cache_is_private_and_in_the_home_folder(tmp_path):
    cached, folder, value = run(tmp_path)
    assert (cached, value) == ("True", "7")
    assert folder.startswith(str(tmp_path))
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    kernels = [name for _, _, names in os.walk(folder) for name in names]
    assert any(name.endswith(".nbi") for name in kernels)


@pytest.mark.slow
def test_a_home_without_room_for_a_cache_only_costs_time(tmp_path):
    (tmp_path / ".cache").write_text("a file where the folder should be")
    assert run(tmp_path)[::2] == ["False", "7"]


def test_folders_of_others_are_not_trusted(tmp_path):
    open_folder = tmp_path / "open"
    open_folder.mkdir(mode=0o777)
    assert private_folder(open_folder)
    assert stat.S_IMODE(open_folder.stat().st_mode) == 0o700
    link = tmp_path / "link"
    link.symlink_to(open_folder)
    assert not private_folder(link)
