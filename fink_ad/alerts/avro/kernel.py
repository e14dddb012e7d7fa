"""The compiled kernel: runs a program over many messages and fills tables.

Nothing in a message is believed. Every length, count, branch and integer is checked against the
end of its message before it is used, in a form that cannot overflow; work and room are bounded.
A record that breaks a rule leaves no trace in any table.

All columns live in one array of 64-bit cells, because compiled code cannot take a list of arrays
of different types: a float column holds the bits of float64, a byte column has two cells per row
(start in the buffer, length) in two runs. ``valid`` says which rows have a value.

It is one long file because the cache of compiled code looks at the file of a function alone: it
would not notice a change of a helper, or of an instruction's number, that stands elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts.avro.limits import DEEPEST
from fink_ad.alerts.avro.program import (
    BYTES,
    END,
    ITEMS,
    JUMP,
    LOOP,
    NEXT,
    READ_BOOL,
    READ_BYTES,
    READ_DOUBLE,
    READ_ENUM,
    READ_FLOAT,
    READ_LONG,
    RUN,
    SKIP,
    UNION,
    UNIT_BYTES,
    UNIT_VARINT,
    VARINT,
)
from fink_ad.compile_cache import CACHED

__all__ = ["FULL", "decode", "gather"]

TRUNCATED = -1
BAD_VARINT = -2
BAD_BRANCH = -3
BAD_LENGTH = -4
TOO_MANY_ITEMS = -5
STAMP_TOO_LARGE = -6
BAD_ENUM = -7
TRAILING_BYTES = -8
TOO_LARGE = -9
TOO_MANY_ROWS = -10
FULL = -100
"""A table has no room for the next row: make room and call again."""

_SMALL_TABLE = 1 << 16  # bytes any message may fill, however short it is

Function = TypeVar("Function", bound=Callable[..., object])


def _compiled(function: Function) -> Function:
    """Compile a function that neither makes nor keeps an array.

    Such a function need not count the users of the arrays it is given. Counting is done in every
    call, by atomic instructions that cost more than most functions here: without it the reader
    is several times as fast.
    """
    jit = numba.njit(cache=CACHED, nogil=True, _nrt=False)  # type: ignore[call-overload]
    compiled: Function = jit(function)
    return compiled


def _inlined(function: Function) -> Function:
    """Compile a function into those that call it, where it cannot count arrays either."""
    jit = numba.njit(cache=CACHED, nogil=True, _nrt=False, forceinline=True)  # type: ignore[call-overload]
    compiled: Function = jit(function)
    return compiled


@_inlined
def _byte(buffer: NDArray[np.uint8], pos: int) -> np.uint64:
    # An unsigned index spares the question whether it counts from the end.
    return np.uint64(buffer[np.uint64(pos)])


@_inlined
def _varint(buffer: NDArray[np.uint8], pos: int, end: int) -> tuple[int, int]:
    """Read a zigzag integer; return it and the position behind it, or a negative reason."""
    if pos >= end:
        return 0, TRUNCATED
    raw = _byte(buffer, pos)
    pos += 1
    if raw >= np.uint64(0x80):
        raw &= np.uint64(0x7F)
        for i in range(1, 11):
            if pos >= end:
                return 0, TRUNCATED
            byte = _byte(buffer, pos)
            pos += 1
            if i >= 9 and byte > np.uint64(1):
                return 0, BAD_VARINT
            raw |= (byte & np.uint64(0x7F)) << np.uint64(7 * i)
            if byte < np.uint64(0x80):
                break
    return int(np.int64(raw >> np.uint64(1)) ^ -np.int64(raw & np.uint64(1))), pos


@_inlined
def _length(
    buffer: NDArray[np.uint8], pos: int, end: int, most: int, stamp: int
) -> tuple[int, int]:
    """Read the length of text or bytes; return it and the position of the first byte."""
    size, pos = _varint(buffer, pos, end)
    if pos < 0:
        return 0, pos
    if size < 0:
        return 0, BAD_LENGTH
    if stamp and size > most:
        return 0, STAMP_TOO_LARGE
    if size > end - pos:
        return 0, TRUNCATED
    return size, pos


@_inlined
def _four_bytes(buffer: NDArray[np.uint8], pos: int) -> np.uint64:
    """Read a little-endian integer; written so that the compiler makes one load of it."""
    return (
        _byte(buffer, pos)
        | _byte(buffer, pos + 1) << np.uint64(8)
        | _byte(buffer, pos + 2) << np.uint64(16)
        | _byte(buffer, pos + 3) << np.uint64(24)
    )


@_inlined
def _eight_bytes(buffer: NDArray[np.uint8], pos: int) -> np.uint64:
    return _four_bytes(buffer, pos) | _four_bytes(buffer, pos + 4) << np.uint64(32)


@_compiled
def _block(
    buffer: NDArray[np.uint8], pos: int, end: int, total: int, most: int
) -> tuple[int, int, int]:
    """Read the head of a block of items: their number, the block's end or -1, the position."""
    count, pos = _varint(buffer, pos, end)
    if pos < 0:
        return 0, -1, pos
    if count > most - total or count < total - most:
        return 0, -1, TOO_MANY_ITEMS
    if count >= 0:
        return count, -1, pos
    size, pos = _varint(buffer, pos, end)
    if pos < 0:
        return 0, -1, pos
    if size < 0:
        return 0, -1, BAD_LENGTH
    if size > end - pos:
        return 0, -1, TRUNCATED
    return -count, pos + size, pos


@_compiled
def _skip_items(buffer: NDArray[np.uint8], pos: int, end: int, size: int, most: int) -> int:
    """Pass over an array whose items have a fixed size; return the position behind it."""
    total = 0
    while True:
        count, block_end, pos = _block(buffer, pos, end, total, most)
        if pos < 0 or count == 0:
            return pos
        total += count
        if size > 0 and count > (end - pos) // size:
            return TRUNCATED
        pos += count * size
        if block_end >= 0 and pos != block_end:
            return BAD_LENGTH


@_inlined
def _store(
    buffer: NDArray[np.uint8],
    pos: int,
    end: int,
    kind: int,
    detail: int,
    row: int,
    column: int,
    columns: NDArray[np.int64],
    enums: NDArray[np.int64],
    symbols: NDArray[np.int64],
    cells: NDArray[np.int64],
    valid: NDArray[np.bool_],
    stamp: int,
) -> int:
    """Read a value into a column; return the position behind it or a negative reason."""
    cell = columns[column, 1] + row
    if kind == READ_DOUBLE:
        if end - pos < 8:
            return TRUNCATED
        cells[cell] = np.int64(_eight_bytes(buffer, pos))
        pos += 8
    elif kind == READ_FLOAT:
        if end - pos < 4:
            return TRUNCATED
        single = np.uint32(_four_bytes(buffer, pos)).view(np.float32)
        cells[cell] = np.float64(single).view(np.int64)
        pos += 4
    elif kind == READ_LONG:
        number, pos = _varint(buffer, pos, end)
        if pos < 0:
            return pos
        cells[cell] = number
    elif kind == READ_BOOL:
        if pos >= end:
            return TRUNCATED
        cells[cell] = buffer[pos] != 0
        pos += 1
    elif kind == READ_ENUM:
        number, pos = _varint(buffer, pos, end)
        if pos < 0:
            return pos
        if number < 0 or number >= enums[detail, 1]:
            return BAD_ENUM
        symbol = enums[detail, 0] + number
        cells[cell] = len(buffer) - symbols[-1, 0] + symbols[symbol, 0]
        cells[columns[column, 2] + row] = symbols[symbol, 1]
    else:
        size = detail
        if kind == READ_BYTES:
            size, pos = _length(buffer, pos, end, stamp, detail)
            if pos < 0:
                return pos
        elif size > end - pos:
            return TRUNCATED
        cells[cell] = pos
        cells[columns[column, 2] + row] = size
        pos += size
    valid[columns[column, 3] + row] = True
    return pos


@_compiled
def _run(
    buffer: NDArray[np.uint8],
    pos: int,
    end: int,
    runs: NDArray[np.int64],
    first: int,
    count: int,
    row: int,
    columns: NDArray[np.int64],
    enums: NDArray[np.int64],
    symbols: NDArray[np.int64],
    cells: NDArray[np.int64],
    valid: NDArray[np.bool_],
    stamp: int,
) -> int:
    """Read or pass over unions of two simple branches; return the position behind them."""
    for i in range(first, first + count):
        if pos >= end:
            return TRUNCATED
        branch = _byte(buffer, pos) >> np.uint64(1)
        pos += 1
        if branch > np.uint64(1) or _byte(buffer, pos - 1) & np.uint64(1):
            number, pos = _varint(buffer, pos - 1, end)  # no branch, or a long spelling of one
            if pos < 0:
                return pos
            if number < 0 or number > 1:
                return BAD_BRANCH
            branch = np.uint64(number)
        at = np.uint64(i)
        unit = int(runs[at, branch])
        if unit > 0 and runs[at, 2] < 0:
            if unit > end - pos:
                return TRUNCATED
            pos += unit
        elif unit == 0:
            continue
        elif runs[at, 2] >= 0:
            pos = _store(
                buffer, pos, end, runs[at, 3], runs[at, 4], row, runs[at, 2], columns, enums,
                symbols, cells, valid, stamp,
            )  # fmt: skip
        elif unit == UNIT_VARINT:
            _, pos = _varint(buffer, pos, end)
        else:
            size, pos = _length(buffer, pos, end, stamp, int(unit == UNIT_BYTES))
            pos = pos + size if pos >= 0 else pos
        if pos < 0:
            return pos
    return pos


@_compiled
def _record(
    buffer: NDArray[np.uint8],
    pos: int,
    end: int,
    code: NDArray[np.int64],
    runs: NDArray[np.int64],
    enums: NDArray[np.int64],
    symbols: NDArray[np.int64],
    tables: NDArray[np.int64],
    columns: NDArray[np.int64],
    cells: NDArray[np.int64],
    valid: NDArray[np.bool_],
    rows: NDArray[np.int64],
    limits: NDArray[np.int64],
    stack: NDArray[np.int64],
    room: NDArray[np.int64],
) -> int:
    """Read one record; return the position behind it or a negative reason."""
    most_items, stamp = limits[1], limits[2]
    depth = -1
    pc = 0
    row = _new_row(0, tables, cells, rows, room)
    if row < 0:
        return row
    while True:
        op, a, b, c = code[pc, 0], code[pc, 1], code[pc, 2], code[pc, 3]
        pc += 1
        if op >= READ_BOOL:
            row = int(rows[columns[a, 0]]) - 1
            pos = _store(
                buffer, pos, end, op, b, row, a, columns, enums, symbols, cells, valid, stamp
            )
        elif op == RUN:
            row = int(rows[c]) - 1
            pos = _run(
                buffer, pos, end, runs, a, b, row, columns, enums, symbols, cells, valid, stamp
            )
        elif op in (LOOP, NEXT):
            loop = pc - 1
            if op == LOOP:
                depth += 1
                stack[depth, 0], stack[depth, 1], stack[depth, 2] = 0, 0, -1
            else:
                loop = a
                stack[depth, 0] -= 1
            table = code[loop, 1]
            while stack[depth, 0] == 0:
                if stack[depth, 2] >= 0 and pos != stack[depth, 2]:
                    return BAD_LENGTH
                count, block_end, pos = _block(buffer, pos, end, stack[depth, 1], most_items)
                if pos < 0:
                    return pos
                if count == 0:
                    break
                stack[depth, 1] += count
                stack[depth, 2] = block_end
                if table < 0 and block_end >= 0:
                    pos = block_end
                else:
                    stack[depth, 0] = count
            if stack[depth, 0] == 0:
                depth -= 1
                pc = code[loop, 2]
                continue
            if table >= 0:
                row = _new_row(table, tables, cells, rows, room)
                if row < 0:
                    return row
            pc = loop + 1
        elif op == SKIP:
            if a > end - pos:
                return TRUNCATED
            pos += a
        elif op == VARINT:
            _, pos = _varint(buffer, pos, end)
        elif op == BYTES:
            size, pos = _length(buffer, pos, end, stamp, a)
            pos = pos + size if pos >= 0 else pos
        elif op == UNION:
            branch, pos = _varint(buffer, pos, end)
            if pos >= 0:
                if branch < 0 or branch >= a:
                    return BAD_BRANCH
                pc += branch
        elif op == JUMP:
            pc = a
        elif op == ITEMS:
            pos = _skip_items(buffer, pos, end, a, most_items)
        elif op == END:
            return pos
        if pos < 0:
            return pos


@_inlined
def _new_row(
    table: int,
    tables: NDArray[np.int64],
    cells: NDArray[np.int64],
    rows: NDArray[np.int64],
    room: NDArray[np.int64],
) -> int:
    """Begin a row of a table; return it, or a negative reason."""
    row = int(rows[table])
    if row >= tables[table, 0]:
        room[1] = table
        return FULL
    room[0] -= tables[table, 3]
    if room[0] < 0:
        return TOO_MANY_ROWS
    cells[tables[table, 1] + row] = rows[tables[table, 2]] - 1
    rows[table] = row + 1
    return row


@numba.njit(cache=CACHED, nogil=True)
def _roll_back(
    mark: NDArray[np.int64],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    cells: NDArray[np.int64],
    valid: NDArray[np.bool_],
) -> None:
    """Forget all rows begun since the mark."""
    for column in range(len(columns)):
        table, first, lengths, mask = columns[column]
        start, stop = mark[table], rows[table]
        cells[first + start : first + stop] = 0
        if lengths >= 0:
            cells[lengths + start : lengths + stop] = 0
        valid[mask + start : mask + stop] = False
    rows[:] = mark


@numba.njit(cache=CACHED, nogil=True)
def decode(
    buffer: NDArray[np.uint8],
    segments: NDArray[np.int64],
    code: NDArray[np.int64],
    runs: NDArray[np.int64],
    enums: NDArray[np.int64],
    symbols: NDArray[np.int64],
    tables: NDArray[np.int64],
    columns: NDArray[np.int64],
    cells: NDArray[np.int64],
    valid: NDArray[np.bool_],
    rows: NDArray[np.int64],
    limits: NDArray[np.int64],
    outcome: NDArray[np.int64],
    resume: NDArray[np.int64],
) -> int:
    """Read the records of all segments into the tables.

    Parameters
    ----------
    buffer : (n_bytes,) uint8
        Messages one behind the other, and the enum symbols behind them.
    segments : (n, 3) int64
        Start and end in the buffer, and number of records, of each run of records.
    code, runs, enums, symbols
        Of the program; ``symbols`` has one more row, which starts where they all end.
    tables : (n_tables, 4) int64
        Rows there is room for, first cell of the enclosing rows, enclosing table, bytes per row.
    columns : (n_columns, 4) int64
        Table, first cell, first cell of the lengths or -1, first place in `valid`.
    cells, valid, rows
        The output, and how many rows each table has.
    limits : (4,) int64
        Bytes of a record, items of an array, bytes of a stamp, expansion.
    outcome : (n, 3) int64
        Set to the records read of each segment, the reason it ended with (0 or negative), and
        how many bytes into the segment that was.
    resume : (4,) int64
        Segment, position and bytes of room left to go on from (position -1 for the segment's
        start), and the table that is full.

    Returns
    -------
    int
        0 when all is read, `FULL` when a table must grow first.
    """
    mark = np.empty_like(rows)
    stack = np.empty((DEEPEST, 3), np.int64)
    room = np.zeros(2, np.int64)
    for segment in range(resume[0], len(segments)):
        start, segment_end, count = segments[segment]
        pos = start
        room[0] = _SMALL_TABLE + limits[3] * (segment_end - start)
        if resume[1] >= 0:
            pos, room[0] = resume[1], resume[2]
            resume[1] = -1
        while outcome[segment, 0] < count:
            mark[:] = rows
            room_before = room[0]
            end = min(segment_end, pos + limits[0])
            behind = _record(
                buffer,
                pos,
                end,
                code,
                runs,
                enums,
                symbols,
                tables,
                columns,
                cells,
                valid,
                rows,
                limits,
                stack,
                room,
            )
            if behind >= 0 and outcome[segment, 0] == count - 1 and behind != segment_end:
                behind = TRAILING_BYTES
            if behind == TRUNCATED and end < segment_end:
                behind = TOO_LARGE
            if behind < 0:
                _roll_back(mark, rows, columns, cells, valid)
                if behind == FULL:
                    resume[:] = segment, pos, room_before, room[1]
                    return FULL
                outcome[segment, 1] = behind
                outcome[segment, 2] = pos - start
                break
            outcome[segment, 0] += 1
            pos = behind
    return 0


@_compiled
def gather(
    buffer: NDArray[np.uint8],
    starts: NDArray[np.int64],
    offsets: NDArray[np.int64],
    out: NDArray[np.uint8],
) -> None:
    """Copy ``buffer[starts[i]:]`` to ``out[offsets[i]:offsets[i + 1]]`` for every i."""
    for i in range(len(starts)):
        first, size = offsets[i], offsets[i + 1] - offsets[i]
        for k in range(size):
            out[first + k] = buffer[starts[i] + k]
