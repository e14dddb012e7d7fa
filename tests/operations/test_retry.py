"""Dead letters that can be read now become alerts as if they had been read at once."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fink_ad.config import Settings
from fink_ad.operations import retry_letters
from fink_ad.pipeline import RunSummary, run
from fink_ad.simulate import simulate_night
from fink_ad.simulate.encode import container
from fink_ad.simulate.schema import PACKET_SCHEMA
from fink_ad.sources.files import FilesSource
from fink_ad.store import Store

SCHEMA = json.dumps(PACKET_SCHEMA)
N_BARE = 12


@pytest.fixture(scope="session")
def bodies() -> list[bytes]:
    return list(simulate_night(20260301, n_objects=80, seed=5).bodies)


@pytest.fixture
def folder(tmp_path: Path, bodies: list[bytes]) -> Path:
    """Most alerts in a container; some as bare bodies, two of them in both; and garbage."""
    path = tmp_path / "alerts"
    path.mkdir()
    held = bodies[N_BARE:] + bodies[:2]
    (path / "a.avro").write_bytes(b"".join(container(PACKET_SCHEMA, [held], "null", bytes(16))))
    for number, body in enumerate(bodies[:N_BARE]):
        (path / f"b{number:02}.avro").write_bytes(body)
    (path / "c.avro").write_bytes(b"garbage")
    return path


@pytest.fixture
def went(tmp_path: Path, folder: Path) -> Callable[..., tuple[Store, Settings, RunSummary]]:
    def go(name: str, schema: str | None = None) -> tuple[Store, Settings, RunSummary]:
        settings = Settings(home=tmp_path / name, batch_size=5)
        store = Store.open(settings.home)
        summary = run(FilesSource([folder], batch_size=5, schema=schema), store, settings)
        return store, settings, summary

    return go


def sums_hold(store: Store) -> bool:
    counts = store.counts(source="files")
    n_in = sum(n for key, n in counts.items() if key.kind == "in")
    parts = ("scored", "filtered", "duplicate", "dead_letter")
    return n_in == sum(n for key, n in counts.items() if key.kind in parts)


def totals(store: Store) -> dict[str, int]:
    found: dict[str, int] = {}
    for key, n in store.counts().items():
        found[key.kind] = found.get(key.kind, 0) + n
    return {kind: n for kind, n in found.items() if n}


def test_what_cannot_be_read_stays_as_it_is(went):
    store, settings, _ = went("home")
    with store:
        before = store.counts(), store.stored_letters(with_payload=True)
        done = retry_letters(store, settings)
        assert (done.n_tried, done.n_settled) == (N_BARE + 1, 0)
        assert done.failing == {"bad_magic": N_BARE + 1}
        assert (store.counts(), store.stored_letters(with_payload=True)) == before


def test_equals_a_run_that_could_read_them_at_once(went, bodies):
    store, settings, summary = went("late")
    with store:
        assert summary.n_dead_letter["bad_magic"] == N_BARE + 1
        n_in = totals(store)["in"]
        done = retry_letters(store, settings, schema=SCHEMA)
        assert (done.n_tried, done.n_settled, done.n_without_payload) == (N_BARE + 1, N_BARE, 0)
        assert sum(done.failing.values()) == 1
        assert done.outcome["duplicate"] == 2
        assert done.outcome["scored"] + done.outcome["filtered"] == N_BARE - 2
        assert sums_hold(store)
        assert totals(store)["in"] == n_in
        (left,) = store.stored_letters()
        assert left.letter.partition.split("#")[0].endswith("c.avro")
        late = totals(store), set(store.alert_ids("ztf", 20260301).tolist())
        assert store.remove_orphans() == 0
        again = retry_letters(store, settings, schema=SCHEMA)
        assert (again.n_tried, again.n_settled) == (1, 0)
    store, settings, summary = went("at_once", SCHEMA)
    with store:
        at_once = totals(store), set(store.alert_ids("ztf", 20260301).tolist())
    assert late == at_once
    assert len(late[1]) == len(bodies)


def test_only_some_are_tried(went):
    store, settings, _ = went("home")
    with store:
        assert retry_letters(store, settings, source="kafka", schema=SCHEMA).n_tried == 0
        assert retry_letters(store, settings, reason="truncated", schema=SCHEMA).n_tried == 0
        done = retry_letters(store, settings, source="files", reason="bad_magic", schema=SCHEMA)
        assert done.n_settled == N_BARE


def test_two_retries_at_once_settle_each_letter_once(went):
    """The second one read the letters before the first one had settled them."""
    from fink_ad.operations import retry as module

    store, settings, _ = went("home")
    with store:
        letters = store.stored_letters(limit=None, with_payload=True)
        decoder = module.Decoder(SCHEMA)
        outcomes = []
        for _ in range(2):
            source = module._RetrySource("files", letters, decoder, 5)
            retrying = module._RetryStore(store.database, store.history)
            outcomes.append(run(source, retrying, settings).n_in)
        assert outcomes == [N_BARE, 0]
        assert sums_hold(store)
        assert len(store.stored_letters()) == 1


def test_letters_without_their_bytes_are_told(went, folder: Path):
    (folder / "d.avro").write_bytes(b"Obj\x01" + b"\x00" * (65 << 10))
    store, settings, _ = went("home")
    with store:
        done = retry_letters(store, settings, schema=SCHEMA)
    assert (done.n_settled, done.n_without_payload) == (N_BARE, 1)
