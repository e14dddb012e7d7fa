"""Drops what is almost certainly an artefact; mild, since the strangest alerts look like one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import AlertBatch
from fink_ad.alerts.packets.flags import PointFlag
from fink_ad.errors import ConfigError
from fink_ad.features import Context, FeatureTable
from fink_ad.filters.contracts import DROP, KEEP, Verdicts

__all__ = ["QUALITY_TAGS", "Quality", "QualitySettings"]


_TAGS = {
    "time_disagrees_with_pid": PointFlag.TIME_DISAGREES,
    "sign_unknown": PointFlag.SIGN_UNKNOWN,
}

QUALITY_TAGS = frozenset(_TAGS)
"""Tags that say: what makes this alert strange may be a fault of the data."""


@dataclass(frozen=True)
class QualitySettings:
    """Settings under ``[provider.quality]``.

    Attributes
    ----------
    real_bogus_floor : float
        Drop alerts with a real-bogus score below this, in 0..1; 0 drops none. The default drops
        5 of 279 real ZTF alerts that a broker had selected by ``rb`` >= 0.55, and 15 of 25
        unselected ones, nearly all of them artefacts.
    max_bad_pixels : float
        Drop alerts with more bad pixels than this in the centre of the stamp.
    min_edge_px : float
        Drop alerts closer than this to the edge of the detector [pixels]; negative for none.
    drop_flags : tuple of str
        Drop alerts with any of these flags, by their names in `PointFlag`.

    Raises
    ------
    ConfigError
        If a value is out of range or a flag unknown.
    """

    real_bogus_floor: float = 0.1
    max_bad_pixels: float = 4.0
    min_edge_px: float = 5.0
    drop_flags: tuple[str, ...] = ("INJECTED", "WITHDRAWN")

    def __post_init__(self) -> None:
        if not 0 <= self.real_bogus_floor <= 1:
            raise ConfigError(
                f"provider.quality.real_bogus_floor is {self.real_bogus_floor}; give 0 to 1"
            )
        if not self.max_bad_pixels >= 0:
            raise ConfigError(
                f"provider.quality.max_bad_pixels is {self.max_bad_pixels}; give 0 or more"
            )
        if not np.isfinite(self.min_edge_px):
            raise ConfigError(f"provider.quality.min_edge_px is {self.min_edge_px}; give a number")
        for flag in self.drop_flags:
            if flag not in PointFlag.__members__:
                raise ConfigError(
                    f"provider.quality.drop_flags names {flag!r}; "
                    f"known are {', '.join(PointFlag.__members__)}"
                )


class Quality:
    """Drop alerts by real-bogus score, bad pixels, edge and flags; what is unknown never drops.

    An alert gets the first reason that applies: ``low_real_bogus``, ``bad_pixels``, ``edge``,
    then the flags by their names in lower case. What a reviewer should know about an alert that
    stays is a tag: ``time_disagrees_with_pid`` and ``sign_unknown``.
    """

    Settings = QualitySettings

    name = "quality"
    version = "1"
    requires: tuple[str, ...] = ()
    stage: Literal["before_features"] = "before_features"

    def __init__(self, settings: QualitySettings | None = None) -> None:
        self.settings = settings or QualitySettings()

    def judge(
        self,
        batch: AlertBatch,
        features: FeatureTable | None,
        scores: NDArray[np.float64] | None,
        context: Context,
    ) -> Verdicts:
        """Return `DROP` with its reason, or `KEEP`, per alert, and the tags of its flags."""
        settings = self.settings
        # Comparisons with NaN are false, so a missing value drops nothing.
        faults = {
            "low_real_bogus": batch.numbers("real_bogus") < settings.real_bogus_floor,
            "bad_pixels": batch.numbers("bad_pixels") > settings.max_bad_pixels,
            "edge": batch.numbers("edge_px") < settings.min_edge_px,
        }
        flags = _flags(batch)
        for flag in settings.drop_flags:
            faults[flag.lower()] = (flags & PointFlag[flag].value) != 0
        reason = np.full(len(batch), "", object)
        for name, fault in reversed(faults.items()):
            reason[fault] = name
        verdict = np.where(reason == "", KEEP, DROP).astype(np.int8)
        tags = {tag: (flags & flag.value) != 0 for tag, flag in _TAGS.items()}
        return Verdicts(verdict, reason, tags)


def _flags(batch: AlertBatch) -> NDArray[np.int64]:
    flags = batch.record_batch.column("flags").fill_null(0)
    bits: NDArray[np.int64] = flags.to_numpy(zero_copy_only=False)
    return bits
