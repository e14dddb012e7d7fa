"""A night that several tests look at."""

import pytest

from fink_ad.simulate import Night, simulate_night


@pytest.fixture(scope="session")
def night() -> Night:
    """A night of about 900 alerts with the default classes."""
    return simulate_night(20260301, seed=5)
