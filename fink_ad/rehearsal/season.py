"""A season to rehearse: simulated nights on disk, and what is in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pandas as pd

from fink_ad.config import Settings
from fink_ad.simulate import Night, read_truth, write_pieces

__all__ = ["POPULATION", "Season", "rehearsal_settings"]

POPULATION = "transient"
"""Nothing is planted among the bodies of the solar system."""


@dataclass(frozen=True, eq=False)
class Season:
    """Simulated nights on disk, and which objects were planted in them.

    Attributes
    ----------
    survey : str
    nights : mapping of int to Path
        The file of each night, in order.
    truth : pandas.DataFrame
        One row per object, as `fink_ad.simulate.read_truth` gives it.
    kinds : mapping of str to str
        Class of every object.
    planted : frozenset of str
        Objects that a reviewer would want to see.
    """

    survey: str
    nights: Mapping[int, Path]
    truth: pd.DataFrame
    kinds: Mapping[str, str]
    planted: frozenset[str]

    @classmethod
    def write(cls, folder: Path, pieces: Iterable[Night]) -> Self:
        """Write simulated nights into a folder, as they come in pieces.

        Raises
        ------
        ConfigError, SourceError
            If they cannot be simulated, or the folder cannot be written.
        """
        files = write_pieces(folder, pieces)
        truth = read_truth(files.truth)
        survey = files.alerts[0].stem.partition("_")[0]  # <survey>_night_<night>.avro
        return cls(
            survey,
            {int(path.stem.rpartition("_")[2]): path for path in files.alerts},
            truth,
            dict(zip(truth["object_id"], truth["class"], strict=True)),
            frozenset(truth["object_id"][truth["anomaly"]]),
        )

    def planted_by_class(self) -> dict[str, int]:
        """Count the planted objects of each class."""
        return dict(sorted(Counter(self.kinds[one] for one in self.planted).items()))


def rehearsal_settings(base: Settings, home: Path, learner: str = "fal") -> Settings:
    """Return settings that differ in where state is kept and in the learner.

    Parameters of another learner do not come along.
    """
    same = base.forest.learner == learner
    changes = {"learner": learner} if same else {"learner": learner, "parameters": {}}
    forest = base.forest.model_copy(update=changes)
    return base.model_copy(update={"home": home, "database_url": "", "forest": forest})
