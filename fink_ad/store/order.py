"""The published order of the objects, column by column, and as bytes."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fink_ad.errors import StoreError

__all__ = ["Order"]

_DTYPES: dict[str, Any] = {
    "alert_id": np.int64,
    "object_id": np.object_,
    "night": np.int32,
    "n_det": np.int32,
    "score": np.float64,
    "one_in": np.float64,
    "beyond": np.bool_,
    "novelty": np.float32,
    "p_interesting": np.float32,
}


@dataclass(frozen=True, eq=False)
class Order:
    """Objects from the strangest to the most ordinary, each by its strangest kept alert.

    Ties stand in the order of their alert ids. All arrays have shape (n,).

    Attributes
    ----------
    alert_id, object_id, night, n_det
        int64, str, int32, int32.
    score : float64
        Anomaly score, higher = stranger.
    one_in, beyond : float64, bool
        Rarity "1 in `one_in`", or rarer than that.
    novelty : float32
        Share of the trees in which no answered alert is in the same leaf; NaN if unknown.
    p_interesting : float32
        Calibrated probability that a reviewer would call it an anomaly; NaN before calibration.

    Raises
    ------
    StoreError
        If the columns are not equally long, or do not stand in that order.
    """

    alert_id: NDArray[np.int64]
    object_id: NDArray[np.object_]
    night: NDArray[np.int32]
    n_det: NDArray[np.int32]
    score: NDArray[np.float64]
    one_in: NDArray[np.float64]
    beyond: NDArray[np.bool_]
    novelty: NDArray[np.float32]
    p_interesting: NDArray[np.float32]

    def __post_init__(self) -> None:
        for name, dtype in _DTYPES.items():
            column = np.asarray(getattr(self, name), dtype)
            if column.shape != (len(self.alert_id),):
                raise StoreError(
                    f"column {name!r} of an order has shape {column.shape}, not"
                    f" ({len(self.alert_id)},) as its ids"
                )
            object.__setattr__(self, name, column)
        falls = self.score[:-1] > self.score[1:]
        ties = (self.score[:-1] == self.score[1:]) & (self.alert_id[:-1] < self.alert_id[1:])
        if not np.all(falls | ties):
            place = int(np.argmin(falls | ties))
            raise StoreError(
                f"an order must run from the strangest to the most ordinary, ties by alert id;"
                f" place {place + 2} (score {self.score[place + 1]}) comes too late"
            )

    def __len__(self) -> int:
        return len(self.alert_id)

    @classmethod
    def empty(cls) -> Self:
        """Return the order of nothing."""
        return cls(**{name: np.empty(0, dtype) for name, dtype in _DTYPES.items()})

    def to_bytes(self) -> bytes:
        """Return the columns as an Arrow IPC stream; `from_bytes` gives them back bit for bit."""
        columns = {
            field.name: pa.array(
                getattr(self, field.name), pa.string() if field.name == "object_id" else None
            )
            for field in fields(self)
        }
        sink = pa.BufferOutputStream()
        rows = pa.record_batch(columns)
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_stream(sink, rows.schema, options=options) as writer:
            writer.write_batch(rows)
        packed: bytes = sink.getvalue().to_pybytes()
        return packed

    @classmethod
    def from_bytes(cls, packed: bytes) -> Self:
        """Read what `to_bytes` wrote.

        Raises
        ------
        StoreError
            If it is damaged.
        """
        try:
            with pa.ipc.open_stream(packed) as reader:
                rows = reader.read_next_batch()
            return cls(
                **{name: rows.column(name).to_numpy(zero_copy_only=False) for name in _DTYPES}
            )
        except (pa.ArrowException, OSError, KeyError, StopIteration) as error:
            raise StoreError(
                f"a stored order of {len(packed)} bytes is damaged: {error}"
            ) from error
