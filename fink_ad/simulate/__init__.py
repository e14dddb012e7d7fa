"""A sky with known answers: simulated nights of alerts in ZTF's format.

`simulate_night` draws objects of every class in `CLASSES`, looks at them with the cadence,
depth and noise of a survey, and gives packets and truth; `write_night` puts them into files.
"""

from fink_ad.simulate.classes import CLASSES
from fink_ad.simulate.files import NightFiles, read_truth, write_night
from fink_ad.simulate.night import DEFAULT_INJECT, Night, simulate_night
from fink_ad.simulate.population import parse_counts
from fink_ad.simulate.schema import PACKET_SCHEMA

__all__ = [
    "CLASSES",
    "DEFAULT_INJECT",
    "PACKET_SCHEMA",
    "Night",
    "NightFiles",
    "parse_counts",
    "read_truth",
    "simulate_night",
    "write_night",
]
