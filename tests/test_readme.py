"""What the README shows is true: its commands run, its provider works."""

import importlib
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fink_ad.testing import check_feature_provider

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands(first_word: str) -> list[str]:
    lines = "\n".join(blocks("console")).splitlines()
    return [line for line in lines if line.startswith(first_word)]


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = {line.split()[1] for line in commands("make")}
    assert {"demo", "test"} <= targets
    for target in targets | set(re.findall(r"`make ([a-z-]+)`", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.slow
def test_every_command_runs_in_an_empty_folder_with_an_empty_home(tmp_path: Path) -> None:
    bin_folder = str(Path(sys.executable).parent)
    environment = {
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "HOME": str(tmp_path / "home"),
        "NUMBA_CACHE_DIR": str(Path.home() / ".cache" / "fink_ad" / "numba"),
    }
    lines = commands("fink-ad")
    assert len(lines) >= 8
    for line in lines:
        done = subprocess.run(  # noqa: S602
            line, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, line
    assert list(tmp_path.glob("*.png")), "fink-ad show drew no picture"
    assert (tmp_path / "features.parquet").is_file()
    assert (tmp_path / "scores.parquet").is_file()


def test_the_provider_shown_passes_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = blocks("python")
    (tmp_path / "my_package.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    provider = importlib.import_module("my_package").Brightness()
    check_feature_provider(provider)
    (entry_point,) = blocks("toml")
    groups = tomllib.loads(entry_point)["project"]["entry-points"]
    assert groups == {"fink_ad.features": {provider.name: "my_package:Brightness"}}


def test_rooms_in_the_table_exist() -> None:
    rooms = re.findall(r"^\| `(fink_ad/[a-z_]+)`", README, re.MULTILINE)
    assert len(rooms) >= 10
    for room in rooms:
        assert (ROOT / room).is_dir(), room


@pytest.mark.parametrize("name", ["CHANGELOG.md", "CONTRIBUTING.md", "CITATION.cff", "LICENSE"])
def test_what_a_project_has(name: str) -> None:
    assert (ROOT / name).read_text().strip()
