"""Retraining, killed at any moment, leaves a whole model in force; two at once never run."""

import multiprocessing
import random
import shutil
import signal
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from fink_ad.errors import LeaseHeld, LeaseLost
from fink_ad.forest import Model
from fink_ad.retrain import retrain
from fink_ad.retrain.turn import LEASE, turn

from .conftest import KEY, Home, mixed

N_KILLS = 10
WORK = """
settings = Settings(home=Path(home), retrain={"lease_seconds": 1.5})
with Store.open(settings.home) as store:
    retrain(store, settings, "ztf", "transient", force_by="ada")
"""
IMPORTS = """
from pathlib import Path
from fink_ad.config import Settings
from fink_ad.retrain import retrain
from fink_ad.store import Store
"""


def start(home: Home) -> BaseProcess:
    """Retrain in another process, which has imported everything before it is forked."""
    nursery = multiprocessing.get_context("forkserver")
    nursery.set_forkserver_preload(["fink_ad.retrain", "fink_ad.pipeline.run"])
    child = nursery.Process(target=exec, args=(IMPORTS + WORK, {"home": str(home.path)}))
    child.start()
    return child


def in_force(home: Home) -> str:
    """Which revision is in force; it is whole, and what stands around it fits."""
    with home.store() as store:
        found = store.active_model(*KEY)
        assert found is not None
        model = Model.load(home.settings().models_dir / found.revision.id)
        Model.load(home.settings().models_dir / found.model.id)
        promoted = [one for one in store.decisions(*KEY) if one.verdict == "promoted"]
        assert [one.contender for one in promoted] in ([], [found.revision.id])
        assert set(store.kept_index(*KEY).feature_schema) == {model.schema.hash}
        return found.revision.id


@pytest.mark.kill
def test_killed_at_ten_moments_it_leaves_a_whole_model(home: Home, tmp_path: Path) -> None:
    home.answer(mixed, n=60)
    before = in_force(home)

    def copy(name: str) -> Home:
        return Home(Path(shutil.copytree(home.path, tmp_path / name)))

    lasted = 0.0
    for name in ("first", "calm"):  # the nursery has to be started, too
        calm = copy(name)
        began = time.monotonic()
        child = start(calm)
        child.join(60)
        lasted = time.monotonic() - began
        assert child.exitcode == 0
    after = in_force(calm)
    assert after != before

    chance = random.Random(5)
    n_killed = 0
    for number in range(N_KILLS):
        victim = copy(f"victim {number}")
        child = start(victim)
        time.sleep(lasted * (number + chance.random()) / N_KILLS)
        child.kill()
        child.join(60)
        n_killed += child.exitcode == -signal.SIGKILL
        assert in_force(victim) in (before, after)
    assert n_killed >= N_KILLS // 2
    # The last victim's lease runs out, and the work is done as if nothing had been.
    with victim.store() as store:
        until = time.monotonic() + 30
        while in_force(victim) != after and time.monotonic() < until:
            try:
                retrain(store, victim.settings(), *KEY, force_by="ada")
            except LeaseHeld:
                time.sleep(0.2)
    assert in_force(victim) == after


def test_the_second_of_two_at_once_refuses_in_words(home: Home) -> None:
    with home.store() as store, turn(store, LEASE, 60.0, note="ztf transient"):
        with pytest.raises(LeaseHeld, match="retrain is at work already: .*, since 20"):
            retrain(store, home.settings(), *KEY)
        assert store.decisions() == ()


def test_whoever_lost_the_turn_promotes_nothing(home: Home) -> None:
    home.answer(mixed, n=20)
    before = home.active().revision

    def usurp(step: str) -> None:
        """Take the lease away while the contender is judged, as after a long sleep."""
        if step == "judging":
            (lease,) = (one for one in store.leases() if one.name == LEASE)
            store.release_lease(lease)
            assert store.acquire_lease(LEASE, "somebody else", 60.0) is not None

    with home.store() as store:
        with pytest.raises(LeaseLost):
            retrain(store, home.settings(), *KEY, force_by="ada", on_step=usurp)
        assert store.decisions() == ()
        assert [one.holder for one in store.leases()] == ["somebody else"]
    assert home.active().revision == before
