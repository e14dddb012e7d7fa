"""What all tests share: where the real alerts are, and a home of their own."""

import os
from pathlib import Path

import pytest

REAL_DATA = Path(
    os.environ.get("FINK_AD_REAL_DATA", Path(__file__).parents[2] / "shared" / "data")
)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real alerts; the test is skipped, and says so, where it is absent."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"no real alerts at {REAL_DATA}: set FINK_AD_REAL_DATA to their folder")
    return REAL_DATA
