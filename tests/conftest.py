"""What all tests share: where the real alerts are, and a count of the tests that used them."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from fink_ad.store import NewFeatures, Store
from fink_ad.store.repository.kept import give_features as give_in

REAL_DATA = Path(os.environ.get("FINK_AD_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))

real_data_outcomes = {"passed": 0, "failed": 0, "skipped": 0}


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real alerts; the test is skipped, and says so, where it is absent."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"no real alerts at {REAL_DATA}: set FINK_AD_REAL_DATA to their folder")
    return REAL_DATA


@pytest.fixture
def give_features() -> Callable[..., None]:
    """Give kept alerts features of another schema, as the model in force changes to it."""

    def give(
        store: Store, survey: str, ids: Sequence[int], schema: str, features: Sequence[bytes]
    ) -> None:
        with store.database.writing("alerts") as connection:
            give_in(connection, NewFeatures(survey, ids, schema, features))

    return give


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that asks for the folder is a real-data test, and the other way round."""
    for item in items:
        uses = "real_data" in getattr(item, "fixturenames", ())
        marked = item.get_closest_marker("real_data") is not None
        if uses != marked:
            raise pytest.UsageError(
                f"{item.nodeid}: mark real_data and fixture real_data go together"
            )


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count real-data tests by outcome."""
    if "real_data" in report.keywords and (report.when == "call" or report.outcome == "skipped"):
        real_data_outcomes[report.outcome] += 1


def pytest_sessionfinish() -> None:
    """Leave the counts where the continuous integration looks for them."""
    report = os.environ.get("REAL_DATA_REPORT")
    if report:
        ran = real_data_outcomes["passed"] + real_data_outcomes["failed"]
        Path(report).write_text(f"{ran} {real_data_outcomes['skipped']}\n")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many real-data tests ran."""
    ran = real_data_outcomes["passed"] + real_data_outcomes["failed"]
    skipped = real_data_outcomes["skipped"]
    terminalreporter.write_line(f"real-data tests: {ran} ran, {skipped} skipped")
