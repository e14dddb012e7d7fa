"""What a survey sends: encoded alerts, and the ids in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Packets"]


@dataclass(frozen=True, eq=False)
class Packets:
    """N alerts of a piece of the sky, in order of time.

    Attributes
    ----------
    bodies : list of bytes
        Avro bodies, without container.
    alert_ids : (n_alerts,) int64
        What the survey numbers detections by.
    object_ids : (n_objects,) array of str
        What the survey calls each object of the population.
    """

    bodies: list[bytes]
    alert_ids: NDArray[np.int64]
    object_ids: NDArray[np.str_]
