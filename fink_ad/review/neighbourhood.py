"""What a candidate is most like among the objects that were answered about."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from fink_ad.features import FeatureTable
from fink_ad.forest import Model
from fink_ad.forest.neighbours import NeighbourIndex
from fink_ad.store import LabelRecord, Store, unpack_features

__all__ = ["AnsweredObjects", "Neighbour"]


@dataclass(frozen=True)
class Neighbour:
    """An answered object that is like the candidate.

    Attributes
    ----------
    answers : str
        What was said of it, and by how many if by several: ``anomaly x2, unsure``.
    classes : tuple of str
        The broker's own.
    distance : float
        Share of the model's trees that tell the two apart, 0 to 1.
    """

    object_id: str
    answers: str
    classes: tuple[str, ...]
    distance: float


class AnsweredObjects:
    """All answered objects of a model's survey and population, each by its latest answer.

    Make it once for a model and a state of the answers, and ask it for every candidate.
    """

    def __init__(
        self, store: Store, index: NeighbourIndex | None, labels: Sequence[LabelRecord]
    ) -> None:
        self._store, self._index, self._labels = store, index, labels

    @classmethod
    def of(cls, store: Store, model: Model, answers: Iterable[LabelRecord]) -> Self:
        """Take those answers that are about alerts with the model's features.

        Parameters
        ----------
        answers : iterable of LabelRecord
            Each reviewer's latest answer about each object of the model's alerts.
        """
        said: defaultdict[str, Counter[str]] = defaultdict(Counter)
        latest: dict[str, LabelRecord] = {}
        for label in answers:
            if label.feature_schema == model.schema.hash:
                said[label.object_id][label.answer] += 1
                latest[label.object_id] = label
        labels = tuple(latest.values())
        if not labels:
            return cls(store, None, ())
        values = unpack_features(store.label_features([label.id for label in labels]))
        index = NeighbourIndex(
            model,
            FeatureTable(model.schema, values),
            list(latest),
            [_in_words(said[name]) for name in latest],
        )
        return cls(store, index, labels)

    def nearest(self, table: FeatureTable, object_id: str, k: int = 5) -> tuple[Neighbour, ...]:
        """Return the `k` nearest answered objects, nearest first.

        Parameters
        ----------
        table : FeatureTable
            One alert, features of the model's schema.
        object_id : str
            Its object, which is no neighbour of itself.
        """
        if self._index is None:
            return ()
        found = self._index.nearest(table, [object_id], k)
        rows = [row for row in found.rows[0].tolist() if row >= 0]
        labels = [self._labels[row] for row in rows]
        classes = {
            kept.alert_id: tuple(kept.broker_classes)
            for survey in {label.survey for label in labels}
            for kept in self._store.kept(survey, [label.alert_id for label in labels])
        }
        return tuple(
            Neighbour(
                label.object_id,
                str(found.answers[0, place]),
                classes.get(label.alert_id, ()),
                float(found.distances[0, place]),
            )
            for place, label in enumerate(labels)
        )


def _in_words(said: Counter[str]) -> str:
    return ", ".join(answer if n == 1 else f"{answer} x{n}" for answer, n in said.most_common())
