"""Superseded folders go, in one piece and never under somebody's hands."""

import os
import time
from pathlib import Path

import pytest

from fink_ad.errors import ModelError
from fink_ad.forest import Model
from fink_ad.learn import relearn, remove_superseded
from fink_ad.learn.superseded import UNUSED_FOR_S
from fink_ad.store import Store
from fink_ad.store.repository import superseded


def folders(home: Path) -> dict[str, Path]:
    return {path.name: path for path in (home / "models").iterdir()}


def age(folder: Path, seconds: float = 2 * UNUSED_FOR_S) -> None:
    then = time.time() - seconds
    os.utime(folder, (then, then))


@pytest.fixture
def revisions(home: Path, hand, monkeypatch) -> list[str]:
    """The first revision and those of four answers, all written two days ago."""
    monkeypatch.setattr(superseded, "N_REVISIONS", 2)
    with Store.open(home) as store:
        ids = [hand.active(store).revision]
        for n in range(4):
            hand.answer(store, ["anomaly"] * (n + 1))
            made = relearn(store, hand.settings(home), *hand.key)
            assert made is not None
            ids.append(made.revision)
    for folder in folders(home).values():
        age(folder)
    return ids


def test_old_superseded_folders_go_and_the_others_still_load(home: Path, hand, revisions) -> None:
    settings = hand.settings(home)
    first, gone, younger, before, now = revisions
    age(folders(home)[younger], 60)
    with Store.open(home) as store:
        told = remove_superseded(store, settings, dry_run=True)
        assert gone in folders(home)
        assert remove_superseded(store, settings) == told
        assert told.n_folders == 1
        assert 0 < told.n_bytes < 10_000_000
        assert gone not in folders(home)
        for name in (first, younger, before, now):
            assert Model.load(folders(home)[name]).revision == name
        assert remove_superseded(store, settings).n_folders == 0
        found = store.model(gone)  # the store still knows what it was
        assert found is not None
        assert found.revision.n_labels == 1
    with pytest.raises(ModelError, match="superseded revisions are removed"):
        Model.load(home / "models" / gone)


def test_the_same_answers_bring_a_removed_revision_back(home: Path, hand, revisions) -> None:
    settings = hand.settings(home)
    with Store.open(home) as store:
        assert remove_superseded(store, settings).n_folders == 2
        vera = store.find_reviewer("vera")
        for label in store.labels()[1:]:
            store.retract_label(label.id, vera.id, "test")
        again = relearn(store, settings, *hand.key)
        assert again is not None
        assert again.revision == revisions[1]
        assert hand.active(store).revision == again.revision


def test_a_folder_written_again_counts_as_new(home: Path, hand, revisions) -> None:
    folder = folders(home)[revisions[1]]
    Model.load(folder).save(home / "models")
    with Store.open(home) as store:
        remove_superseded(store, hand.settings(home))
    assert folder.is_dir()


def test_what_a_killed_removal_left_is_cleared_away(home: Path, hand, revisions) -> None:
    folder = folders(home)[revisions[1]]
    folder.rename(folder.with_name(f".leaving-{folder.name}"))
    with Store.open(home) as store:
        remove_superseded(store, hand.settings(home))
    assert not [name for name in folders(home) if name.startswith(".")]
