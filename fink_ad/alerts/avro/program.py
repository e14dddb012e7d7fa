"""The flat program a packet is read by: what the compiler writes and the kernel runs.

A program is a table of instructions of four integers. ``next`` is the instruction below.

========== =============== ================ ================= =====================================
op         a               b                c                 effect
========== =============== ================ ================= =====================================
END                                                           the record is read
SKIP       bytes                                              pass over fixed bytes
VARINT                                                        pass over an integer
BYTES      1 if a stamp                                       pass over a length and that many bytes
RUN        first           count            table             read or pass over unions of two
                                                              simple branches, as in ``runs``
ITEMS      bytes per item                                     pass over an array of fixed-size items
UNION      branches                                           take the branch-th instruction below
JUMP       instruction                                        go there
LOOP       table or -1     instruction                        array or map: body is next, go to b
                           behind it                          when through; each item is a row
NEXT       its LOOP                                           end of the body of a loop
READ_...   column          size, stamp                        store a value
                           flag or enum
========== =============== ================ ================= =====================================
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BYTES",
    "END",
    "ITEMS",
    "JUMP",
    "LOOP",
    "NEXT",
    "READ_BOOL",
    "READ_BYTES",
    "READ_DOUBLE",
    "READ_ENUM",
    "READ_FIXED",
    "READ_FLOAT",
    "READ_LONG",
    "RUN",
    "SKIP",
    "UNION",
    "UNIT_BYTES",
    "UNIT_STRING",
    "UNIT_VARINT",
    "VARINT",
    "Column",
    "Program",
]

# The kernel is compiled with these numbers in it, and kept: save kernel.py anew after a change.
END, SKIP, VARINT, BYTES, RUN, ITEMS, UNION, JUMP, LOOP, NEXT = range(10)
READ_BOOL, READ_LONG, READ_FLOAT, READ_DOUBLE, READ_BYTES, READ_FIXED, READ_ENUM = range(10, 17)

UNIT_VARINT, UNIT_STRING, UNIT_BYTES = -1, -2, -3
"""Units that are not a number of bytes."""


@dataclass(frozen=True)
class Column:
    """A wanted field: its path relative to its table, the table, and what it is decoded into."""

    path: str
    table: int
    storage: str


@dataclass(frozen=True, eq=False)
class Program:
    """Instructions with the columns and tables they fill.

    Attributes
    ----------
    code : (n, 4) int64
    runs : (n, 5) int64
        Each union of a ``RUN``: unit of its first and of its second branch (bytes, or one of
        ``UNIT_...``; 0 is ``null``), column or -1, and ``READ_...`` and its b for the value.
    columns : tuple of Column
    tables : tuple of str
        Path of each table; the first, named "", has a row per record.
    outer : (n_tables,) int64
        Table that holds the rows a table's rows are nested in; 0 for the first itself.
    enums : (n, 2) int64
        First symbol and number of symbols of each enum that is read.
    symbols : bytes
        Text of all enum symbols, put behind the packets so that it can be pointed at.
    symbol_spans : (n, 2) int64
        Start and length of each symbol in that text.
    """

    code: NDArray[np.int64]
    runs: NDArray[np.int64]
    columns: tuple[Column, ...]
    tables: tuple[str, ...]
    outer: NDArray[np.int64]
    enums: NDArray[np.int64]
    symbols: bytes
    symbol_spans: NDArray[np.int64]
