"""A sky with known answers: simulated nights of alerts in the formats of ZTF and Rubin.

`simulate_night` draws objects of every class in `CLASSES`, looks at them with the cadence,
depth and noise of a survey, and gives packets and truth; `Sky` does so for any night of one and
the same sky; `write_night` and `write_pieces` put them into files.
"""

from fink_ad.simulate.classes import CLASSES
from fink_ad.simulate.files import NightFiles, read_truth, write_night, write_pieces
from fink_ad.simulate.lsst_schema import LSST_PACKET_SCHEMA
from fink_ad.simulate.night import Night
from fink_ad.simulate.population import parse_counts
from fink_ad.simulate.schema import PACKET_SCHEMA
from fink_ad.simulate.sky import DEFAULT_INJECT, Sky, simulate_night, simulate_pieces

__all__ = [
    "CLASSES",
    "DEFAULT_INJECT",
    "LSST_PACKET_SCHEMA",
    "PACKET_SCHEMA",
    "Night",
    "NightFiles",
    "Sky",
    "parse_counts",
    "read_truth",
    "simulate_night",
    "simulate_pieces",
    "write_night",
    "write_pieces",
]
