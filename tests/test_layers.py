"""Imports go one way: a room imports only what stands before it."""

import ast
from pathlib import Path

import pytest

import fink_ad

PACKAGE = Path(fink_ad.__file__).parent
ROOMS = [
    {"errors", "compile_cache"},
    {"expressions"},
    {"config", "telemetry"},
    {"alerts"},
    {"sources"},
    {"simulate"},
    {"catalogs"},
    {"features"},
    {"filters", "variability"},
    {"plugins", "testing"},
    {"forest"},
    {"store"},
    {"review"},
    {"pipeline"},
    {"learn"},
    {"retrain"},
    {"scheduler"},
    {"rehearsal"},
    {"operations"},
    {"ui", "bots"},
    {"cli"},
]
FLOOR = {room: number for number, rooms in enumerate(ROOMS) for room in rooms}


def imports(path: Path) -> set[str]:
    """Return the rooms of fink_ad that a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            found.add("a relative import")
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            if node.module == "fink_ad":
                names = [f"fink_ad.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "fink_ad" and len(parts) > 1:
                found.add(parts[1])
    return found - {"__version__"}


FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_what_stands_before_it(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    assert room in FLOOR, f"{room} has no place in the order of rooms"
    for other in imports(path) - {room}:
        assert other in FLOOR, f"{path.name} imports {other}"
        assert FLOOR[other] < FLOOR[room], f"{room} must not import {other}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "ui").rglob("*.py")), ids=lambda path: path.stem)
def test_the_page_asks_review_for_everything(path: Path) -> None:
    # An operator decides about models on the page; that door is retrain's, above review.
    doors = {"retrain"} if path.name == "deciding.py" else set()
    assert imports(path) <= {"ui", "review", "config", "errors"} | doors


SCREENS = {
    "ui": {"alerts", "config", "errors", "learn", "retrain", "review", "store"},
    "bots": {"alerts", "config", "errors", "learn", "review", "store", "telemetry"},
}
SCREEN_FILES = [
    (screen, path)
    for screen in sorted(SCREENS)
    for path in sorted((PACKAGE.parent / screen).rglob("*.py"))
]


@pytest.mark.parametrize(
    ("screen", "path"), SCREEN_FILES, ids=lambda one: str(getattr(one, "name", one))
)
def test_a_screen_asks_the_review_room(screen: str, path: Path) -> None:
    others = imports(path) - {screen}
    assert others <= SCREENS[screen], f"{path} imports {others - SCREENS[screen]}"


def test_sql_stays_in_the_store() -> None:
    for path in [*FILES, *(path for _, path in SCREEN_FILES)]:
        if path.is_relative_to(PACKAGE / "store"):
            continue
        text = path.read_text()
        assert "sqlalchemy" not in text, path
        assert "duckdb" not in text, path


def test_nothing_is_unpickled() -> None:
    for path in [*FILES, *(path for _, path in SCREEN_FILES)]:
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert not {"pickle", "joblib", "dill"} & {alias.name for alias in node.names}, path
            if isinstance(node, ast.ImportFrom):
                assert node.module not in {"pickle", "joblib", "dill"}, path
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert isinstance(node.value, ast.Constant), path
                assert node.value.value is False, path
