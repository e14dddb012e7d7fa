"""Folders that are followed: each file once, when it is whole, whatever becomes of the folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from fink_ad.errors import ConfigError
from fink_ad.sources.files import FilesSource
from fink_ad.sources.following import FollowedFolders

SETTLE = 5.0


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Followed:
    """A source that follows folders, by a clock that the test moves."""

    def __init__(self, *folders: Path, **options: Any) -> None:
        self.clock = Clock()
        self.source = FollowedFolders(folders, settle_seconds=SETTLE, clock=self.clock, **options)
        self.done: dict[str, int] = {}

    def look(self, after: float = SETTLE) -> int:
        self.clock.now += after
        return self.source.look()

    def read(self) -> list[int]:
        """Read what was offered; return the alerts."""
        found = []
        for batch in self.source.batches(self.done):
            self.done |= {one.partition: one.stop for one in batch.ranges}
            found += [i for part in batch.surveys for i in part.alerts.numbers("alert_id")]
        self.source.settle()
        return found

    def new(self) -> list[int]:
        """Look twice, as far apart as a file has to stay the same, and read."""
        self.look()
        self.look()
        return self.read()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "alerts"
    path.mkdir()
    return path


Put = Callable[..., Path]


@pytest.fixture
def put(folder: Path, make: Any) -> Put:
    """Write a file of alerts."""

    def write(name: str, *ids: int) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make.container([make.packet(one) for one in ids]))
        return path

    return write


def test_each_file_is_read_once_oldest_first(folder: Path, put: Put) -> None:
    os.utime(put("a.avro", 1), (2000, 2000))
    os.utime(put("night/b.avro", 2, 3), (1000, 1000))
    followed = Followed(folder)
    assert followed.look() == 0
    assert followed.look() == 2
    assert followed.read() == [2, 3, 1]
    assert followed.look() == 0
    put("c.avro", 4)
    assert followed.new() == [4]


def test_a_file_is_read_when_it_has_stayed_the_same(folder: Path, put: Put) -> None:
    path = put("a.avro", 1, 2)
    whole = path.read_bytes()
    followed = Followed(folder)
    for cut in (100, 300, len(whole)):
        path.write_bytes(whole[:cut])
        assert followed.look() == 0
    assert followed.look(0.9 * SETTLE) == 0
    assert followed.look(0.2 * SETTLE) == 1
    (batch,) = followed.source.batches({})
    assert batch.n_in == 2
    assert not batch.dead_letters


def test_a_file_that_grew_after_it_was_read_is_read_again(folder: Path, put: Put) -> None:
    put("a.avro", 1)
    followed = Followed(folder)
    assert followed.new() == [1]
    put("a.avro", 1, 2)
    assert followed.new() == [1, 2]


def test_what_is_hidden_or_holds_no_alerts_is_left_alone(folder: Path, put: Put) -> None:
    put(".part.avro", 1)
    put(".hidden/a.avro", 2)
    (folder / "README").write_text("nothing to see")
    os.mkfifo(folder / "pipe.avro")
    (folder / "gone.avro").symlink_to(folder / "nowhere")
    (folder / "round").symlink_to(folder, target_is_directory=True)
    followed = Followed(folder)
    assert followed.new() == []
    assert followed.look() == 0
    (folder / ".part.avro").rename(folder / "a.avro")
    assert followed.new() == [1]


def test_what_is_done_elsewhere_is_skipped(folder: Path, put: Put) -> None:
    put("a.avro", 1, 2)
    followed = Followed(folder)
    for batch in FilesSource([folder]).batches({}):
        followed.done |= {one.partition: one.stop for one in batch.ranges}
    followed.look()
    followed.look()
    assert set(followed.source.partitions()) == set(followed.done)
    assert followed.read() == []


def test_a_folder_that_is_away_for_a_while_is_told_once(folder: Path, put: Put) -> None:
    put("a.avro", 1)
    other = folder.parent / "other"
    followed = Followed(other, folder)
    with capture_logs() as logs:
        assert followed.new() == [1]
        folder.rename(other)
        followed.look()
        assert followed.new() == [1]  # by another name it is another file
        other.rename(folder)
        assert followed.new() == []
    told = [(one["event"], one["folder"]) for one in logs]
    assert told == [
        ("folder_cannot_be_followed", str(other)),
        ("folder_cannot_be_followed", str(folder)),
        ("folder_followed_again", str(other)),
        ("folder_cannot_be_followed", str(other)),
        ("folder_followed_again", str(folder)),
    ]


def test_what_cannot_be_opened_is_tried_again_later(folder: Path, put: Put) -> None:
    put("sub/a.avro", 1)
    followed = Followed(folder)
    followed.look()
    assert followed.look() == 1
    (folder / "sub").rename(folder / ".away")
    (folder / "sub").mkdir()
    os.mkfifo(folder / "sub" / "a.avro")
    assert followed.read() == []
    (folder / "sub" / "a.avro").unlink()
    (folder / "sub").rmdir()
    (folder / ".away").rename(folder / "sub")
    assert followed.look() == 0
    assert followed.look(after=60.0) == 1
    assert followed.read() == [1]


def test_what_was_not_stored_is_offered_again(folder: Path, put: Put) -> None:
    put("a.avro", 1)
    followed = Followed(folder)
    followed.look()
    assert followed.look() == 1
    list(followed.source.batches({}))  # and then the store failed
    assert followed.look(0.1) == 1


def test_a_file_moved_away_is_forgotten(folder: Path, put: Put) -> None:
    path = put("a.avro", 1)
    followed = Followed(folder)
    assert followed.new() == [1]
    path.rename(folder.parent / "a.avro")
    followed.look()
    assert not followed.source._taken


@pytest.mark.parametrize("folders", [[], ["a.avro"]])
def test_only_folders_can_be_followed(tmp_path: Path, folders: list[str]) -> None:
    (tmp_path / "a.avro").touch()
    with pytest.raises(ConfigError, match="folder"):
        FollowedFolders([tmp_path / one for one in folders], settle_seconds=1.0)
