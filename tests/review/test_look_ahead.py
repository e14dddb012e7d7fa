"""What comes next is known before it is asked for, and made ready."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fink_ad.alerts import AlertBatch
from fink_ad.config import Settings
from fink_ad.features import Context, ModelCurve
from fink_ad.learn import Learner
from fink_ad.review import Desk, record
from fink_ad.review.offering import Offering
from fink_ad.store import ReviewerRecord, Store

KEY = ("ztf", "transient")


@pytest.fixture
def vera(store: Store) -> ReviewerRecord:
    return store.add_reviewer("vera")


@pytest.fixture
def desk(store: Store, tmp_path: Path, vera: ReviewerRecord) -> Iterator[Desk]:
    settings = Settings(home=tmp_path / "home")
    Learner(store, settings).run_once()
    with Desk(settings) as opened:
        yield opened


def test_the_alerts_foreseen_are_those_that_come(desk: Desk, store: Store, vera) -> None:
    for _ in range(12):  # kinds of draws change
        (showing,) = desk.queue.next(vera, *KEY)
        foreseen = desk.queue.foresee(vera, *KEY, 2)
        assert len(foreseen) == 2
        assert showing.alert_id not in foreseen
        record(store, showing, "ordinary", answered_at=datetime.now(UTC))
        (coming,) = desk.queue.next(vera, *KEY)
        assert coming.alert_id == foreseen[0]


def test_nothing_is_taken_by_looking_ahead(desk: Desk, store: Store, vera) -> None:
    assert len(desk.look_ahead(vera, *KEY).result(30)) == 2
    assert not store.showings(vera.id)


class Counting:
    """A provider of no curves that counts who asks."""

    name, version, requires = "counting", "1", ()

    def __init__(self) -> None:
        self.asked: list[int] = []

    def curves(self, batch: AlertBatch, context: Context) -> tuple[ModelCurve, ...]:
        self.asked.append(int(batch.numbers("alert_id")[0]))
        return ()


def test_what_was_made_ready_is_not_worked_out_again(desk: Desk, vera) -> None:
    provider = Counting()
    desk.__dict__["_offers"] = (Offering(provider, Context()),)
    ready = desk.look_ahead(vera, *KEY).result(30)
    assert tuple(provider.asked) == ready
    desk.overlays(desk.look(KEY[0], ready[0], reviewer_id=vera.id))
    assert tuple(provider.asked) == ready


def test_where_nothing_is_ranked_nothing_is_made_ready(desk: Desk, vera) -> None:
    assert desk.look_ahead(vera, "lsst", "transient").result(30) == ()
