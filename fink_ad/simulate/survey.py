"""What sets a survey apart: where it stands, how it looks, how deep it sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fink_ad.alerts.photometry import DEPTH_MAG
from fink_ad.alerts.schema import BANDS
from fink_ad.errors import ConfigError

__all__ = ["LSST", "SURVEYS", "ZTF", "Survey", "SurveyName", "survey_called"]

SurveyName = Literal["ztf", "lsst"]


@dataclass(frozen=True)
class Survey:
    """A survey, as far as the simulator knows it.

    Attributes
    ----------
    longitude_deg, latitude_deg : float
        Of the site, east and north positive.
    night_hours : (float, float)
        Beginning and end of the dark time, hours after 0 h UTC of the date of the night.
    dec_deg : (float, float)
        Footprint in declination.
    field_deg : float
        Side of the field of view.
    visit_s : float
        From the start of one exposure to that of the next.
    exposure_s : float
        Exposure; all visits are single ones.
    block : int
        Number of fields observed in one filter before they are repeated in the next.
    open_share : float
        Share of the visible fields that a night visits; 0.5 is every second night.
    alternate : bool
        Whether fields alternate strictly between nights, or are chosen at random.
    pairs : tuple of (str, str)
        Filters of the two visits of a field in a night, in order of preference from dark to
        bright time.
    third_share : float
        How often a third visit, in i, follows.
    depth_mag : mapping of str to float
        5 sigma limit of the difference image by band, in median conditions.
    seeing_arcsec : float
        Median full width at half maximum.
    pixel_arcsec : float
        Scale of the images.
    bright_mag : float
        Brighter sources saturate.
    electron_njy : float
        Flux that gives one photo-electron in an exposure, r band.
    history_days : int
        A packet carries what happened up to this many days before the alert.
    start_mjd : float
        First light.
    """

    name: SurveyName
    longitude_deg: float
    latitude_deg: float
    night_hours: tuple[float, float]
    dec_deg: tuple[float, float]
    field_deg: float
    visit_s: float
    exposure_s: float
    block: int
    open_share: float
    alternate: bool
    pairs: tuple[tuple[str, str], ...]
    third_share: float
    depth_mag: Mapping[str, float]
    seeing_arcsec: float
    pixel_arcsec: float
    bright_mag: float
    electron_njy: float
    history_days: int
    start_mjd: float

    @property
    def limit_mag(self) -> float:
        """5 sigma limit in r."""
        return self.depth_mag["r"]

    @property
    def depths(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """5 sigma limits in the order of `BANDS`; NaN where there is no filter."""
        return np.array([self.depth_mag.get(band, np.nan) for band in BANDS])


ZTF = Survey(
    # Bellm et al. (2019, PASP 131, 018002 and 068003): Palomar, 47 square degrees, 30 s
    # exposures, the public survey visits the northern sky in g and r every second night.
    name="ztf",
    longitude_deg=-116.86,
    latitude_deg=33.36,
    night_hours=(3.0, 12.5),
    dec_deg=(-30.0, 88.0),
    field_deg=6.85,
    visit_s=40.0,
    exposure_s=30.0,
    block=68,  # g and r are about 45 minutes apart
    open_share=0.5,
    alternate=True,
    pairs=(("g", "r"),),
    third_share=0.12,
    depth_mag=DEPTH_MAG["ztf"],
    seeing_arcsec=2.0,
    pixel_arcsec=1.012,
    bright_mag=12.5,
    electron_njy=10 ** (0.4 * (31.4 - 26.3)) / 6.2,  # zero point 26.3, 6.2 electrons per count
    history_days=30,
    start_mjd=58200.0,
)

LSST = Survey(
    # Ivezic et al. (2019, ApJ 873, 111): Cerro Pachon, 9.6 square degrees, single-visit depths
    # of table 1; pairs of visits 33 minutes apart, one visit about every 39 s.
    name="lsst",
    longitude_deg=-70.75,
    latitude_deg=-30.24,
    night_hours=(24.5, 33.5),
    dec_deg=(-72.0, 12.0),
    field_deg=3.1,
    visit_s=39.0,
    exposure_s=30.0,
    block=51,
    open_share=0.4,
    alternate=False,
    pairs=(("u", "g"), ("g", "r"), ("r", "i"), ("r", "z"), ("i", "z"), ("z", "y")),
    third_share=0.0,
    depth_mag=DEPTH_MAG["lsst"],
    seeing_arcsec=0.8,
    pixel_arcsec=0.2,
    bright_mag=16.5,
    electron_njy=10 ** (0.4 * (31.4 - 28.16)) / 30.0,  # 28.16 mag gives one electron a second
    history_days=365,
    start_mjd=60676.0,
)

SURVEYS: Mapping[str, Survey] = {"ztf": ZTF, "lsst": LSST}


def survey_called(name: str) -> Survey:
    """Return a survey by its name.

    Raises
    ------
    ConfigError
        If there is none of this name.
    """
    survey = SURVEYS.get(name)
    if survey is None:
        raise ConfigError(f"no survey {name!r} to simulate; known are {', '.join(SURVEYS)}")
    return survey
