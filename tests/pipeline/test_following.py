"""The worker: what follows folders does as runs do, and lives with what others do meanwhile."""

import threading
import time

import pytest

from fink_ad.alerts.times import night_of
from fink_ad.catalogs import CATALOGS, Catalog, CatalogFolder
from fink_ad.errors import StoreError
from fink_ad.forest import Model
from fink_ad.operations.worker import LEASE, follow
from fink_ad.pipeline import model_record
from fink_ad.pipeline.models import TrainingRows, train_model
from fink_ad.pipeline.tables import SideTables
from fink_ad.sources.following import FollowedFolders
from fink_ad.store import Store

POLL = 0.05
TONIGHT = ("transient", 20260301)


class Worker:
    """A worker in a thread, and a store of our own to see what it does."""

    def __init__(self, home, folder):
        self.settings = home.settings(run={"poll_seconds": POLL})
        self.folder = folder
        self.store = home.store()
        self.summary = None
        self.error = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _work(self):
        source = FollowedFolders([self.folder], settle_seconds=POLL, batch_size=100)
        try:
            with Store.open(self.settings.home) as store:
                self.summary = follow(source, store, self.settings, self._stop.is_set)
        except StoreError as error:
            self.error = error

    def reads(self, packets, name):
        """Put a file into the folder, as by renaming, and wait until it is stored."""
        packets.write(self.folder / f".{name}").rename(self.folder / name)
        return self.has_stored(name)

    def has_stored(self, name):
        return wait_for(lambda: [one for one in self.store.done("files") if f"/{name}#" in one])

    def ends(self):
        self._stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()
        return self.summary


def wait_for(what, seconds=60.0):
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until
        time.sleep(0.01)
    return found


@pytest.fixture
def work(tmp_path):
    """Start workers that follow the folder ``in``; they end with the test."""
    started = []

    def start(home):
        (tmp_path / "in").mkdir(exist_ok=True)
        started.append(Worker(home, tmp_path / "in"))
        return started[-1]

    yield start
    for worker in started:
        worker.ends()
        worker.store.close()


def another_model(home):
    """Grow a model of other trees on the same alerts; it is registered, and not in force."""
    settings = home.settings(forest={"seed": 7})
    with home.store() as store:
        active = Model.load(settings.models_dir / current(store))
        rows = store.read_features("ztf", "transient", active.schema.hash)
        nights = night_of(rows.mjd_utc, "ztf")
        training = TrainingRows(rows.features, rows.alert_id, rows.object_id, rows.n_det, nights)
        model = train_model(("ztf", "transient"), training, settings)
        model.save(settings.models_dir)
        store.register_model(model_record(model))
        return model.revision


def current(store):
    return store.active_model("ztf", "transient").revision.id


def test_files_that_come_one_by_one_are_ranked_as_in_one_run(trained_home, work, packets, tmp_path):
    whole, followed = trained_home("whole"), trained_home("followed")
    whole.run(packets[:240].write_parts(tmp_path / "whole", 80))
    worker = work(followed)
    (lease,) = wait_for(worker.store.leases)
    assert lease.name == LEASE
    assert str(tmp_path / "in") in lease.note
    for number, low in enumerate(range(0, 240, 80)):
        worker.reads(packets[low : low + 80], f"{number}.avro")
    summary = worker.ends()
    assert (summary.n_in, summary.adds_up, summary.interrupted) == (240, True, False)
    assert worker.store.leases() == ()
    assert followed.by_alert() == whole.by_alert()
    with whole.store() as one, followed.store() as other:
        assert other.counts() == one.counts()
        assert other.candidates(top=None) == one.candidates(top=None)


def test_a_promoted_model_ranks_from_the_next_batch_on(trained_home, packets, tmp_path):
    home = trained_home("home")
    revision = another_model(home)
    with home.store() as store:
        before = current(store)

        def promote(summary):
            if summary.n_in == 100:
                store.activate_model(revision)

        home.run(packets[:300].write_parts(tmp_path / "in", 100), on_batch=promote)
    rows = home.by_alert(["population", "night", "model_revision"])
    ranked = [of for _, population, night, of in rows if (population, night) == TONIGHT]
    assert set(ranked) == {before, revision}
    assert ranked.count(revision) > ranked.count(before)


def test_a_model_promoted_for_a_provisional_one_stays(home, trained, packets, tmp_path):
    home.run(packets[:60].write(tmp_path / "few.avro"))
    with home.store() as store, trained.store() as other:
        better = Model.load(trained.settings().models_dir / current(other))
        assert Model.load(home.settings().models_dir / current(store)).provisional
        better.save(home.settings().models_dir)
        store.register_model(model_record(better))

        def promote(summary):
            if summary.n_in == 100:
                store.activate_model(better.revision)

        home.run(packets[60:].write_parts(tmp_path / "many", 100), on_batch=promote)
        assert current(store) == better.revision


def test_others_may_run_between_and_what_they_read_counts_once(
    trained_home, work, packets, tmp_path
):
    home = trained_home("home")
    worker = work(home)
    worker.reads(packets[:60], "a.avro")
    wait_for(lambda: can_run(home, packets[60:120].write(tmp_path / "by_hand.avro")))
    worker.reads(packets[40:140], "b.avro")
    summary = worker.ends()
    assert (summary.n_in, summary.n_duplicate) == (160, 80)
    assert summary.adds_up


def can_run(home, path):
    try:
        return home.run(path).n_in == 60
    except StoreError:  # the worker has not ended its turn yet
        return False


def test_it_waits_for_a_run_by_hand(trained_home, work, packets):
    home = trained_home("home")
    with home.store() as store, store.writing_run():
        worker = work(home)
        packets[:20].write(worker.folder / "a.avro")
        wait_for(worker.store.leases)
        time.sleep(4 * POLL)
        assert not [one for one in worker.store.done("files") if "/a.avro#" in one]
    assert worker.has_stored("a.avro")


def test_a_second_worker_of_a_home_is_refused(trained_home, work):
    home = trained_home("home")
    first = work(home)
    wait_for(first.store.leases)
    second = work(home)
    wait_for(lambda: second.error)
    assert "already" in str(second.error)
    assert first.error is None


def test_turns_are_numbered(home):
    with home.store() as store:
        for turn in (1, 2, 3):
            with store.writing_run() as number:
                assert number == turn
        (home.path / "run.lock").write_text("who was it?")
        with store.writing_run() as number:
            assert number == 1


def test_side_tables_are_read_again_when_a_catalogue_is_added(home):
    tables = SideTables(home.settings())
    assert CATALOGS not in tables.current()
    CatalogFolder(home.path).add(Catalog("mine", [10.0], [-5.0], 2.0))
    first = tables.current()
    assert CATALOGS in first
    assert tables.current() is first
