"""The files source: what is found, read, refused, resumed and sorted."""

from __future__ import annotations

import gzip
import json
import os
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fink_ad.alerts.avro import Limits
from fink_ad.errors import SourceError
from fink_ad.sources import DeadLetter, SourceBatch
from fink_ad.sources.files import FilesSource

Write = Callable[[str, bytes], Path]


def ids(batches: Iterable[SourceBatch]) -> list[int]:
    return [
        int(i)
        for batch in batches
        for part in batch.surveys
        for i in part.alerts.numbers("alert_id")
    ]


def letters(batches: Iterable[SourceBatch]) -> list[DeadLetter]:
    return [letter for batch in batches for letter in batch.dead_letters]


def after(batches: Iterable[SourceBatch]) -> dict[str, int]:
    """Return the ledger after some batches."""
    done: dict[str, int] = {}
    for batch in batches:
        for one in batch.ranges:
            assert done.get(one.partition, 0) == one.start
            done[one.partition] = one.stop
    return done


def everything(source: FilesSource, done: dict[str, int] | None = None) -> list[SourceBatch]:
    return list(source.batches(done or {}))


def parquet(path: Path, packets: list[dict[str, Any]], rows: int = 3) -> Path:
    pq.write_table(pa.Table.from_pylist(packets), path, row_group_size=rows)
    return path


def test_many_small_files_make_one_batch(make: Any, write: Write, tmp_path: Path) -> None:
    for i in range(1, 8):
        write(f"night/{i}.avro", make.container([make.packet(i)]))
    batches = everything(FilesSource([tmp_path], batch_size=5))
    assert [batch.n_in for batch in batches] == [5, 2]
    assert ids(batches) == list(range(1, 8))
    assert len(batches[0].ranges) == 5


@pytest.mark.parametrize("codec", ["null", "deflate"])
def test_large_container_is_cut(
    make: Any, write: Write, codec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fink_ad.sources.pieces._WHOLE_BYTES", 1000)
    packets = [make.packet(i) for i in range(1, 101)]
    path = write("big.avro", make.container(packets, block=300, codec=codec))
    source = FilesSource([path], batch_size=10)
    batches = everything(source)
    assert ids(batches) == list(range(1, 101))
    assert len(batches) > 5
    (stop,) = after(batches).values()
    assert stop == 100
    assert source.progress == source.total() == path.stat().st_size


def test_resume_inside_a_large_container(
    make: Any, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fink_ad.sources.pieces._WHOLE_BYTES", 1000)
    packets = [make.packet(i) for i in range(1, 101)]
    path = write("big.avro", make.container(packets, block=300))
    source = FilesSource([path], batch_size=10)
    batches = everything(source)
    for n in range(len(batches) + 1):
        again = everything(source, after(batches[:n]))
        assert ids(again) == ids(batches[n:])
        assert [b.ranges for b in again] == [b.ranges for b in batches[n:]]


@pytest.mark.parametrize("stop", [0, 1, 7, 24, 25])
def test_resume_at_any_position(make: Any, write: Write, stop: int) -> None:
    path = write("one.avro", make.container([make.packet(i) for i in range(25)]))
    source = FilesSource([path], batch_size=4)
    (partition,) = after(everything(source))
    again = everything(source, {partition: stop})
    assert ids(again) == list(range(stop, 25))
    assert sum(batch.n_in for batch in again) == 25 - stop


def test_same_input_twice_changes_nothing(make: Any, write: Write, tmp_path: Path) -> None:
    write("a.avro", make.container([make.packet(1), make.packet(2, ra=float("nan"))]))
    write("b.avro", b"Obj\x01 nonsense")
    source = FilesSource([tmp_path])
    batches = everything(source)
    assert sum(batch.n_in for batch in batches) == 3
    assert everything(source, after(batches)) == []


def test_changed_file_is_new_input(make: Any, write: Write) -> None:
    path = write("a.avro", make.container([make.packet(1)]))
    done = after(everything(FilesSource([path])))
    path.write_bytes(make.container([make.packet(1), make.packet(2)]))
    assert ids(everything(FilesSource([path]), done)) == [1, 2]


def test_parquet(make: Any, tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", [make.packet(i) for i in range(1, 11)])
    source = FilesSource([path], batch_size=2)
    batches = everything(source)
    assert ids(batches) == list(range(1, 11))
    (partition,) = after(batches)
    for stop in range(11):
        assert ids(everything(source, {partition: stop})) == list(range(stop + 1, 11))


def test_stamps_of_avro_and_parquet(make: Any, write: Write, tmp_path: Path) -> None:
    write("a.avro", make.container([make.packet(1), make.packet(2, ra=float("nan"))]))
    write("b.avro", make.container([make.packet(3)]))
    parquet(tmp_path / "c.parquet", [make.packet(i) for i in range(4, 9)])
    (batch,) = everything(FilesSource([tmp_path]))
    (part,) = batch.surveys
    rows = np.array([5, 0, 1, 2])
    table = part.stamps(rows)
    expected = [f"stamp {i}".encode() for i in part.alerts.numbers("alert_id")[rows]]
    assert table.column("cutout_science").to_pylist() == expected
    assert table.column("cutout_template").to_pylist() == [None] * 4
    assert part.stamps(np.array([], np.int64)).num_rows == 0


def test_input_order_and_places(make: Any, write: Write, tmp_path: Path) -> None:
    write("a.avro", make.container([make.packet(1), make.packet(2, ra=999.0), make.packet(3)]))
    write("b.avro", b"")
    write("c.avro", make.container([make.packet(4)]))
    paths = [tmp_path / "a.avro", tmp_path / "b.avro", tmp_path / "c.avro"]
    (batch,) = everything(FilesSource(paths))
    assert batch.surveys[0].order.tolist() == [0, 2, 4]
    assert [letter.reason for letter in batch.dead_letters] == ["bad_value", "empty"]
    assert [letter.position for letter in batch.dead_letters] == [1, 0]
    assert batch.n_in == 5


def test_gzipped_container(make: Any, write: Write) -> None:
    path = write("a.avro.gz", gzip.compress(make.container([make.packet(1)])))
    assert ids(everything(FilesSource([path]))) == [1]


def test_gzip_bomb_and_damaged_gzip(write: Write, tmp_path: Path) -> None:
    write("bomb.avro.gz", gzip.compress(bytes(5_000_000)))
    write("cut.avro.gz", gzip.compress(bytes(1000))[:-9])
    batches = everything(FilesSource([tmp_path], limits=Limits(block=1_000_000)))
    assert [letter.reason for letter in letters(batches)] == ["damaged_block"] * 2


def test_bare_and_framed_bodies(make: Any, write: Write, tmp_path: Path) -> None:
    write("bare.avro", make.body(make.packet(1)))
    write("framed.avro", struct.pack(">BI", 0, 900) + make.body(make.packet(2)))
    write("notes.txt", b"not an alert")
    source = FilesSource([tmp_path], schema=json.dumps(make.schema))
    assert sorted(ids(everything(source))) == [1, 2]
    assert [path.name for path in source.skipped] == ["notes.txt"]
    framed = FilesSource([tmp_path / "framed.avro"], schemas={900: make.schema})
    assert ids(everything(framed)) == [2]
    unknown = FilesSource([tmp_path / "framed.avro"], schemas={901: make.schema})
    assert [letter.reason for letter in letters(everything(unknown))] == ["unknown_schema_id"]


def test_folder_with_other_files(make: Any, write: Write, tmp_path: Path) -> None:
    write("deep/er/a.avro", make.container([make.packet(1)]))
    write("README.md", b"# notes")
    write("empty", b"")
    write("archive.tar.gz", gzip.compress(b"something"))
    write(".hidden.avro", make.container([make.packet(9)]))
    parquet(tmp_path / "catalogue.parquet", [{"name": "x", "ra": 1.0}])
    source = FilesSource([tmp_path])
    batches = everything(source)
    assert ids(batches) == [1]
    assert letters(batches) == []
    assert {path.name for path in source.skipped} == {
        "README.md",
        "empty",
        "archive.tar.gz",
        "catalogue.parquet",
    }
    assert source.progress == source.total()


def test_damaged_packets_of_a_folder_are_not_overlooked(write: Write, tmp_path: Path) -> None:
    write("a.avro", b"")
    write("b.avro", b"# notes")
    write("c.parquet", b"")
    reasons = [letter.reason for letter in letters(everything(FilesSource([tmp_path])))]
    assert reasons == ["empty", "bad_magic", "empty"]


def test_named_file_that_holds_no_alerts_is_a_dead_letter(write: Write, tmp_path: Path) -> None:
    paths = [write("notes.txt", b"# notes"), write("empty.avro", b"")]
    paths.append(parquet(tmp_path / "catalogue.parquet", [{"name": "x", "ra": 1.0}] * 9))
    paths.append(write("torn.parquet", b"PAR1 and nothing more"))
    batches = everything(FilesSource(paths))
    assert [letter.reason for letter in letters(batches)] == [
        "bad_magic",
        "empty",
        "unknown_survey",
        "damaged_parquet",
    ]
    assert len(after(batches)) == 4
    assert everything(FilesSource(paths), after(batches)) == []


def test_truncated_container_keeps_its_good_records(make: Any, write: Write) -> None:
    content = make.container([make.packet(i) for i in range(1, 41)], block=500)
    path = write("a.avro", content[: len(content) * 2 // 3])
    batches = everything(FilesSource([path]))
    good = ids(batches)
    assert good == list(range(1, len(good) + 1))
    assert 10 < len(good) < 40
    (letter,) = letters(batches)
    assert letter.reason == "truncated"
    assert letter.position >= len(good)
    assert everything(FilesSource([path]), after(batches)) == []


@pytest.mark.parametrize("cut", [0, 3, 50])
def test_small_bad_message_is_kept_with_its_letter(make: Any, write: Write, cut: int) -> None:
    content = make.container([make.packet(1)])
    path = write("a.avro", content[:cut])
    (letter,) = letters(everything(FilesSource([path])))
    assert letter.payload == content[:cut]


def test_large_bad_message_is_not_kept(make: Any, write: Write) -> None:
    packet = make.packet(1, ra=float("nan"))
    packet["cutoutScience"]["stampData"] = bytes(70_000)
    (letter,) = letters(everything(FilesSource([write("a.avro", make.container([packet]))])))
    assert letter.reason == "bad_value"
    assert letter.payload is None


def test_vanished_file_is_unreadable_and_not_done(make: Any, write: Write) -> None:
    paths = [write(f"{i}.avro", make.container([make.packet(i)])) for i in (1, 2)]
    source = FilesSource(paths)
    paths[0].unlink()
    (batch,) = everything(source)
    assert [letter.reason for letter in batch.dead_letters] == ["unreadable"]
    assert ids([batch]) == [2]
    assert len(batch.ranges) == 1
    assert batch.n_in == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_forbidden_file_is_unreadable_and_not_done(make: Any, write: Write) -> None:
    path = write("a.avro", make.container([make.packet(1)]))
    path.chmod(0)
    (batch,) = everything(FilesSource([path]))
    assert [letter.reason for letter in batch.dead_letters] == ["unreadable"]
    assert batch.ranges == ()


def test_pipe_is_unreadable_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (batch,) = everything(FilesSource([tmp_path / "pipe"]))
    assert [letter.reason for letter in batch.dead_letters] == ["unreadable"]


def test_time_order(make: Any, write: Write, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    times = 2458850.0 + rng.permutation(60) * 0.01
    for n in range(6):
        packets = [make.packet(i, jd=float(times[i])) for i in range(n * 10, n * 10 + 10)]
        write(f"{n}.avro", make.container(packets))
    write("bad.avro", b"Obj\x01 nonsense")
    source = FilesSource([tmp_path], batch_size=7, order="time")
    batches = everything(source)
    assert ids(batches) == np.argsort(times).tolist()
    assert sum(batch.n_in for batch in batches) == 61
    assert batches[0].dead_letters[0].position == 0
    assert source.progress == source.total()
    for n in range(len(batches) + 1):
        assert ids(everything(source, after(batches[:n]))) == ids(batches[n:])
    part = batches[3].surveys[0]
    expected = [f"stamp {i}".encode() for i in part.alerts.numbers("alert_id")[[4, 1]]]
    assert part.stamps(np.array([4, 1])).column("cutout_science").to_pylist() == expected


@pytest.mark.parametrize("is_gone", [True, False])
def test_file_that_goes_or_changes_under_time_order_is_not_done(
    make: Any, write: Write, tmp_path: Path, is_gone: bool
) -> None:
    for n in range(6):
        write(f"{n}.avro", make.container([make.packet(n)]))
    batches = FilesSource([tmp_path], batch_size=2, order="time").batches({})
    seen = [next(batches)]
    if is_gone:
        (tmp_path / "4.avro").unlink()
    else:
        write("4.avro", make.container([make.packet(9)]))
    seen.append(next(batches))
    with pytest.raises(SourceError, match=r"4\.avro has changed or gone"):
        next(batches)
    assert ids(seen) == [0, 1, 2, 3]
    assert list(after(seen).values()) == [4]


def test_time_order_bounds_the_bytes_of_a_batch(
    make: Any, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = set()
    for n in range(4):
        packets = [make.packet(i) for i in range(n, 40, 4)]
        sizes.add(write(f"{n}.avro", make.container(packets)).stat().st_size)
    write("bad.avro", b"Obj\x01 nonsense")
    monkeypatch.setattr("fink_ad.sources.files._BATCH_BYTES", 2 * max(sizes))
    source = FilesSource([tmp_path], batch_size=7, order="time")
    batches = everything(source)
    assert ids(batches) == list(range(40))
    # Neighbours in time are in different files, of which two fit.
    assert [batch.n_in for batch in batches] == [3] + [2] * 19
    assert max(batch.n_bytes for batch in batches) <= 2 * max(sizes)
    for n in (0, 1, 7, 20):
        assert ids(everything(source, after(batches[:n]))) == ids(batches[n:])
    # A file that alone is too much is still read.
    monkeypatch.setattr("fink_ad.sources.files._BATCH_BYTES", 1)
    assert ids(everything(source)) == list(range(40))


def damage(path: Path, column: str, group: int) -> None:
    """Overwrite a column of a row group."""
    metadata = pq.read_metadata(path).row_group(group)
    (chunk,) = [
        metadata.column(i)
        for i in range(metadata.num_columns)
        if metadata.column(i).path_in_schema == column
    ]
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xff" * chunk.total_compressed_size)


def test_each_row_of_a_damaged_row_group_is_a_dead_letter(make: Any, tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", [make.packet(i) for i in range(10)], rows=4)
    damage(path, "candidate.magpsf", 1)
    source = FilesSource([path])
    batches = everything(source)
    assert ids(batches) == [0, 1, 2, 3, 8, 9]
    assert [letter.position for letter in letters(batches)] == [4, 5, 6, 7]
    assert {letter.reason for letter in letters(batches)} == {"damaged_parquet"}
    (partition,) = after(batches)
    assert after(batches) == {partition: 10}
    again = everything(source, {partition: 6})
    assert [letter.position for letter in letters(again)] == [6, 7]
    assert sum(batch.n_in for batch in again) == 4


def test_damaged_stamps_are_missing_and_cost_no_alert(make: Any, tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", [make.packet(i) for i in range(6)], rows=3)
    damage(path, "cutoutScience.stampData", 0)
    (batch,) = everything(FilesSource([path]))
    assert ids([batch]) == list(range(6))
    assert batch.dead_letters == ()
    found = batch.surveys[0].stamps(np.array([4, 0, 3]))
    assert found.column("cutout_science").to_pylist() == [b"stamp 4", None, b"stamp 3"]


def test_patterns_and_repeated_paths(make: Any, write: Write, tmp_path: Path) -> None:
    for i in (1, 2):
        write(f"{i}.avro", make.container([make.packet(i)]))
    source = FilesSource([tmp_path / "*.avro", tmp_path, tmp_path / "1.avro"])
    assert ids(everything(source)) == [1, 2]


@pytest.mark.parametrize("path", ["nowhere.avro", "none-*.avro"])
def test_path_that_does_not_exist(tmp_path: Path, path: str) -> None:
    with pytest.raises(SourceError, match=path.replace("*", r"\*")):
        FilesSource([tmp_path / path])


def test_nonsense_arguments(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="batch size 0"):
        FilesSource([tmp_path], batch_size=0)
    with pytest.raises(SourceError, match="'random'"):
        FilesSource([tmp_path], order="random")


@pytest.mark.real_data
def test_all_real_files(real_data: Path) -> None:
    folders = [real_data / name for name in ("ztf", "lsst", "elasticc")]
    source = FilesSource(folders, batch_size=200)
    batches = everything(source)
    assert sum(batch.n_in for batch in batches) == 928
    assert letters(batches) == []
    assert len(set(ids(batches))) > 900
    assert source.progress == source.total()
    for batch in batches:
        for part in batch.surveys:
            assert part.stamps(np.arange(len(part.alerts))).num_rows == len(part.alerts)
    assert everything(source, after(batches)) == []
    in_time = everything(FilesSource(folders, batch_size=200, order="time"))
    assert sorted(ids(in_time)) == sorted(ids(batches))
