"""Turns what the broker says an alert is into tags; drops nothing."""

from __future__ import annotations

import unicodedata
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fink_ad.alerts import AlertBatch
from fink_ad.features import Context, FeatureTable
from fink_ad.filters.contracts import Verdicts

__all__ = ["BrokerClasses"]

PREFIX = "broker:"

MAX_LENGTH = 80
"""Characters of a class that a tag shows; a packet may hold any text."""

MAX_PER_ALERT = 32
"""Classes of one alert that become tags."""

MAX_PER_BATCH = 2000
"""Different tags of a batch, the most frequent ones: a mask over the batch is held for each."""


class BrokerClasses:
    """Tag alerts with the broker's own classifications, ``broker:<classifier>=<class>``.

    The text is a stranger's: control and format characters are taken out, white space becomes
    one blank, and long text is cut.
    """

    name = "broker_classes"
    version = "1"
    requires: tuple[str, ...] = ()
    stage: Literal["before_features"] = "before_features"

    def judge(
        self,
        batch: AlertBatch,
        features: FeatureTable | None,
        scores: NDArray[np.float64] | None,
        context: Context,
    ) -> Verdicts:
        """Return `KEEP` for all, with tags."""
        kept = Verdicts.keep_all(len(batch))
        classes = pc.list_slice(batch.record_batch.column("broker_classes"), 0, MAX_PER_ALERT)
        given = classes.flatten().dictionary_encode()
        parent = pc.list_parent_indices(classes).to_numpy(zero_copy_only=False)
        told = given.indices.is_valid().to_numpy(zero_copy_only=False)
        codes = given.indices.fill_null(0).to_numpy(zero_copy_only=False)[told]
        tags: dict[str, NDArray[np.bool_]] = {}
        counts = np.bincount(codes, minlength=len(given.dictionary))
        for code in np.argsort(-counts, kind="stable")[:MAX_PER_BATCH].tolist():
            text = _clean(given.dictionary[code])
            if text:
                mask = tags.setdefault(PREFIX + text, np.zeros(len(batch), np.bool_))
                mask[parent[told][codes == code]] = True
        return Verdicts(kept.verdict, kept.reason, tags)


def _clean(text: pa.StringScalar) -> str:
    """Write a stranger's text in one short line of visible characters."""
    one_line = " ".join(text.as_py()[: 4 * MAX_LENGTH].split())
    visible = "".join(c for c in one_line if unicodedata.category(c)[0] != "C")
    return visible if len(visible) <= MAX_LENGTH else visible[: MAX_LENGTH - 1] + "…"
