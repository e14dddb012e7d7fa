"""A condition that was understood, and its evaluation on columns."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fink_ad.errors import ConfigError

__all__ = ["TEXT_COLUMNS", "Expression", "Given", "nearest_of"]

TEXT_COLUMNS = ("band",)
"""Columns of texts; all others are of numbers."""


@dataclass(frozen=True)
class Given:
    """What a condition is evaluated on."""

    columns: Mapping[str, NDArray[Any]]
    tags: Sequence[Collection[str]]


@dataclass(frozen=True)
class Expression:
    """A condition that was understood.

    Attributes
    ----------
    text : str
        As it was written.
    names : frozenset of str
        The columns it looks at.
    uses_tags : bool
        Whether it looks at the tags of the alerts.
    """

    text: str
    names: frozenset[str]
    uses_tags: bool
    _compute: Callable[[Given], Any] = field(repr=False, compare=False)

    def check_names(self, known: Collection[str]) -> None:
        """Refuse a condition that looks at columns there are not.

        Raises
        ------
        ConfigError
            If one of `names` is not among the known; the nearest known one is named.
        """
        for name in sorted(self.names):
            if name not in known:
                raise ConfigError(f"in {self.text!r}: no column {name!r}{nearest_of(name, known)}")

    def evaluate(
        self,
        columns: Mapping[str, ArrayLike],
        tags: Sequence[Collection[str]] | None = None,
    ) -> NDArray[np.bool_]:
        """Return for which alerts the condition holds, (n_alerts,).

        Parameters
        ----------
        columns : mapping of str to (n_alerts,) array
            At least those of `names`; more do no harm.
        tags : sequence of n_alerts collections of str, optional
            Needed if `uses_tags`.

        Raises
        ------
        ConfigError
            If a column is missing, is not of numbers (``band``: texts), or lengths differ.
        """
        self.check_names(columns)
        given = {name: self._column(name, columns[name]) for name in self.names}
        if self.uses_tags and tags is None:
            raise ConfigError(f"{self.text!r} looks at tags, and the alerts have none")
        lengths = {len(values) for values in given.values()}
        lengths |= {len(tags)} if self.uses_tags and tags is not None else set()
        if len(lengths) != 1:
            raise ConfigError(f"{self.text!r}: columns of different lengths {sorted(lengths)}")
        with np.errstate(all="ignore"):
            holds = self._compute(Given(given, tags or ()))
        return np.array(np.broadcast_to(holds, lengths.pop()), np.bool_)

    def _column(self, name: str, values: ArrayLike) -> NDArray[Any]:
        is_text = name in TEXT_COLUMNS
        try:
            column = np.asarray(values, object if is_text else np.float64)
        except (TypeError, ValueError):
            column = np.empty((0, 0))
        if column.ndim != 1:
            kind = "texts" if is_text else "numbers"
            raise ConfigError(f"in {self.text!r}: {name!r} is not a column of {kind}")
        return column


def nearest_of(name: str, known: Collection[str]) -> str:
    """Return the end of a message about an unknown name: which known one is most like it."""
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.0)
    return f"; the nearest there is is {near[0]!r}" if near else "; there are none"
