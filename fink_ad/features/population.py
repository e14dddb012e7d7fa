"""Which population the alerts of a batch belong to."""

from __future__ import annotations

from fink_ad.alerts import POPULATIONS, AlertBatch
from fink_ad.errors import ProviderError

__all__ = ["population_of"]


def population_of(batch: AlertBatch) -> str:
    """Return the population of all alerts; empty for an empty batch.

    Raises
    ------
    ProviderError
        If the batch mixes populations: they have different features.
    """
    codes = batch.codes("population")
    if len(codes) == 0:
        return ""
    if (codes != codes[0]).any():
        raise ProviderError("features are computed for one population at a time; split the batch")
    return POPULATIONS[int(codes[0])]
