"""What a learner keeps at hand between one order and the next."""

from __future__ import annotations

from pathlib import Path

from fink_ad.forest import Model
from fink_ad.learn.kept import KeptAlerts
from fink_ad.learn.whose import Whose
from fink_ad.store import Order, OrderRecord, Store

__all__ = ["Cache"]


class Cache:
    """Kept alerts, the models in force and the orders published last; nothing but speed.

    Parameters
    ----------
    store : Store
    models_dir : Path
    """

    def __init__(self, store: Store, models_dir: Path) -> None:
        self._store = store
        self._models_dir = models_dir
        self._kept: dict[tuple[str, str], KeptAlerts] = {}
        self._models: dict[Whose, Model] = {}
        self._orders: dict[Whose, tuple[int, Order]] = {}

    def kept(self, whose: Whose) -> KeptAlerts:
        """Return the kept alerts of a survey and population as they were read last."""
        key = (whose.survey, whose.population)
        if key not in self._kept:
            self._kept[key] = KeptAlerts(self._store, *key)
        return self._kept[key]

    def model(self, whose: Whose, revision_id: str) -> Model:
        """Return a revision.

        Raises
        ------
        ModelError
            If it cannot be read.
        """
        if whose not in self._models or self._models[whose].revision != revision_id:
            self._models[whose] = Model.load(self._models_dir / revision_id)
        return self._models[whose]

    def order(self, whose: Whose, record: OrderRecord) -> Order:
        """Return the columns of a published order."""
        if whose not in self._orders or self._orders[whose][0] != record.id:
            self._orders[whose] = record.id, self._store.order(record.id)
        return self._orders[whose][1]

    def published(self, whose: Whose, model: Model, record: OrderRecord, order: Order) -> None:
        """Take in what was just put in force."""
        self._models[whose] = model
        self._orders[whose] = record.id, order
