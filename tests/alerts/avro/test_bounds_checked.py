"""The kernel does not reach outside its arrays, with damaged input least of all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_fuzz_with_every_access_checked(tmp_path):
    tests = [Path(__file__).with_name(name) for name in ("test_fuzz.py", "test_bad_bodies.py")]
    environment = os.environ | {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *map(str, tests)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:]
