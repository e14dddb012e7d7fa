"""Routes detections of solar-system bodies to a population of their own; drops nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import AlertBatch
from fink_ad.alerts.packets.bodies import BODY_ARCSEC, population_codes, ztf_body
from fink_ad.errors import ConfigError
from fink_ad.features import Context, FeatureTable
from fink_ad.filters.contracts import Verdicts

__all__ = ["SolarSystem", "SolarSystemSettings"]


@dataclass(frozen=True)
class SolarSystemSettings:
    """Settings under ``[provider.solar_system]``.

    Attributes
    ----------
    radius_arcsec : float
        A known body predicted within this distance of a ZTF detection is taken to be it.
    rest_days : float
        A place with a detection this long before the alert does not move: a body passes by,
        and the alert stays with the transients. A main-belt asteroid leaves the radius of
        association within the hour.

    Raises
    ------
    ConfigError
        If a value is negative.
    """

    radius_arcsec: float = BODY_ARCSEC
    rest_days: float = 0.5

    def __post_init__(self) -> None:
        for name in ("radius_arcsec", "rest_days"):
            value = getattr(self, name)
            if not value >= 0:
                raise ConfigError(f"provider.solar_system.{name} is {value}; give 0 or more")


class SolarSystem:
    """Route alerts to the population ``solar_system`` or ``transient``.

    ZTF tells the distance to the nearest known body; a body is a detection near a prediction at
    a place where nothing was detected before. Of other surveys the packet itself says whether
    the source is a body, and the population stays as it came. Transients with a body nearby get
    the tag ``near_solar_system_body``.
    """

    Settings = SolarSystemSettings

    name = "solar_system"
    version = "1"
    requires: tuple[str, ...] = ()
    stage: Literal["before_features"] = "before_features"

    def __init__(self, settings: SolarSystemSettings | None = None) -> None:
        self.settings = settings or SolarSystemSettings()

    def judge(
        self,
        batch: AlertBatch,
        features: FeatureTable | None,
        scores: NDArray[np.float64] | None,
        context: Context,
    ) -> Verdicts:
        """Return `KEEP` for all, with the population of each."""
        kept = Verdicts.keep_all(len(batch))
        if batch.survey != "ztf":
            return Verdicts(kept.verdict, kept.reason, population=batch.codes("population").copy())
        separation = batch.numbers("solar_system_sep_arcsec")
        designated = batch.record_batch.column("designation").is_valid()
        named = designated.to_numpy(zero_copy_only=False)
        near = ztf_body(separation, named, self.settings.radius_arcsec)
        resting = _seen_before(batch, self.settings.rest_days)
        return Verdicts(
            kept.verdict,
            kept.reason,
            tags={"near_solar_system_body": near & resting},
            population=population_codes(near & ~resting),
        )


def _seen_before(batch: AlertBatch, days: float) -> NDArray[np.bool_]:
    """Say which alerts have a detection more than some days before their own."""
    points = batch.points
    before = points["mjd_utc"] < (batch.numbers("mjd_utc") - days)[points.alert]
    earlier = before & points.of_kind("detection")
    return np.bincount(points.alert[earlier], minlength=len(batch)) > 0
