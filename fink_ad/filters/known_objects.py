"""Tags alerts that lie on a catalogued object; drops them only if told so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import AlertBatch
from fink_ad.catalogs import CATALOGS, Catalogs
from fink_ad.catalogs.catalog import check_radius
from fink_ad.features import Context, FeatureTable
from fink_ad.filters.contracts import DROP, Verdicts

__all__ = ["KnownObjects", "KnownObjectsSettings"]


@dataclass(frozen=True)
class KnownObjectsSettings:
    """Settings under ``[provider.known_objects]``.

    Attributes
    ----------
    drop : tuple of str
        Catalogues whose objects are filtered out; alerts on objects of all others are tagged.
    radius_arcsec : mapping of str to float
        Radius by catalogue, where it is not to be the catalogue's own.

    Raises
    ------
    ConfigError
        If a radius is not above 0 and at most a degree.
    """

    drop: tuple[str, ...] = ()
    radius_arcsec: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, radius in self.radius_arcsec.items():
            check_radius(f"provider.known_objects.radius_arcsec.{name}", radius)


class KnownObjects:
    """Match alerts against the catalogues of the context.

    An alert within the radius of an entry gets the tag ``known:<catalogue>`` and, as the number
    ``known:<catalogue>_arcsec``, its distance to the nearest entry. Without catalogues nothing
    is known, and nothing fails. The reason of a drop is the tag.
    """

    Settings = KnownObjectsSettings

    name = "known_objects"
    version = "1"
    requires: tuple[str, ...] = ()
    stage: Literal["before_features"] = "before_features"

    def __init__(self, settings: KnownObjectsSettings | None = None) -> None:
        self.settings = settings or KnownObjectsSettings()

    def judge(
        self,
        batch: AlertBatch,
        features: FeatureTable | None,
        scores: NDArray[np.float64] | None,
        context: Context,
    ) -> Verdicts:
        """Return `DROP` for objects of the catalogues to drop, else `KEEP`; and tags."""
        catalogs: Catalogs = context.tables.get(CATALOGS, Catalogs({}))
        verdicts = Verdicts.keep_all(len(batch))
        tags: dict[str, NDArray[np.bool_]] = {}
        numbers: dict[str, NDArray[np.float64]] = {}
        ra_deg, dec_deg = batch.numbers("ra_deg"), batch.numbers("dec_deg")
        for name, catalog in catalogs.items():
            matches = catalog.match(ra_deg, dec_deg, self.settings.radius_arcsec.get(name))
            tag = f"known:{name}"
            tags[tag] = matches.found
            numbers[f"{tag}_arcsec"] = matches.separation_arcsec
            if name in self.settings.drop:
                first = matches.found & (verdicts.verdict != DROP)
                verdicts.verdict[first] = DROP
                verdicts.reason[first] = tag
        return Verdicts(verdicts.verdict, verdicts.reason, tags, numbers)
