"""Files of answers that were taken in, and whether they are trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute

from fink_ad.errors import StoreError
from fink_ad.store.records import LabelImport
from fink_ad.store.repository.part import StorePart, record_of
from fink_ad.store.tables import Label
from fink_ad.store.tables import LabelImport as ImportRow
from fink_ad.store.upserts import table_of

__all__ = ["Imports"]

_CHANNEL = "import:"
_Time = InstrumentedAttribute[datetime | None]


class Imports(StorePart):
    """Imports of labels in the store; the labels themselves come through `add_labels`."""

    def add_label_import(self, imported: LabelImport) -> LabelImport:
        """Note that a file was taken in; of the same file twice, the first note stays.

        Raises
        ------
        StoreError
            If another file was taken in under that name.
        """
        with self.database.writing("imports") as connection:
            known = _of(connection, imported.name)
            if known is None:
                connection.execute(insert(ImportRow).values(vars(imported)))
                return _counted(connection, [imported])[0]
        if known.sha256 != imported.sha256:
            raise StoreError(
                f"another file was imported as {imported.name!r} on"
                f" {known.imported_at:%Y-%m-%d}; choose another name"
            )
        return known

    def label_imports(self) -> tuple[LabelImport, ...]:
        """Return all imports, oldest first."""
        query = select(table_of(ImportRow)).order_by(ImportRow.imported_at, ImportRow.name)
        with self.database.reading() as connection:
            found = [record_of(LabelImport, row) for row in connection.execute(query)]
            return _counted(connection, found)

    def imports_since(self, survey: str, population: str, label_id: int) -> frozenset[str]:
        """Return the imports of which labels came after a label: a large one comes in parts."""
        query = (
            select(Label.channel)
            .distinct()
            .where(Label.survey == survey, Label.population == population, Label.id > label_id)
            .where(Label.channel.startswith(_CHANNEL, autoescape=True))
        )
        with self.database.reading() as connection:
            channels = connection.execute(query).scalars()
            return frozenset(channel.removeprefix(_CHANNEL) for channel in channels)

    def trust_import(self, name: str) -> LabelImport:
        """Let an import judge models from now on; trusting twice changes nothing.

        Raises
        ------
        StoreError
            If there is no such import.
        """
        return self._mark(name, ImportRow.trusted_at, ImportRow.distrusted_at)

    def distrust_import(self, name: str) -> LabelImport:
        """Leave an import out of learning and judging, until somebody trusts it after all.

        Its labels stay in the record. Distrusting twice changes nothing.

        Raises
        ------
        StoreError
            If there is no such import.
        """
        return self._mark(name, ImportRow.distrusted_at, ImportRow.trusted_at)

    def _mark(self, name: str, since: _Time, instead_of: _Time) -> LabelImport:
        with self.database.writing("imports") as connection:
            connection.execute(
                update(ImportRow)
                .where(ImportRow.name == name, since.is_(None))
                .values({since: self._clock(), instead_of: None})
            )
            found = _of(connection, name)
        if found is None:
            raise StoreError(f"no labels were imported as {name!r}")
        return found


def _of(connection: Connection, name: str) -> LabelImport | None:
    row = connection.execute(select(table_of(ImportRow)).where(ImportRow.name == name))
    found = row.one_or_none()
    return None if found is None else _counted(connection, [record_of(LabelImport, found)])[0]


def _counted(connection: Connection, imports: Sequence[LabelImport]) -> tuple[LabelImport, ...]:
    """Return imports with the number of labels they have by now: a file may come in parts."""
    channels = [_CHANNEL + one.name for one in imports]
    query = (
        select(Label.channel, func.count())
        .where(Label.channel.in_(channels))
        .group_by(Label.channel)
    )
    counts = {row[0]: int(row[1]) for row in connection.execute(query)}
    return tuple(
        replace(one, n_stored=counts.get(channel, 0))
        for one, channel in zip(imports, channels, strict=True)
    )
