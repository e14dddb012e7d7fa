"""The queue: what is drawn for whom, why, and what never leaks."""

import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from fink_ad.config import Settings
from fink_ad.forest import Model
from fink_ad.review.draws import Stock, choose
from fink_ad.review.labels import record, undo
from fink_ad.review.queue import Queue
from fink_ad.review.standing import StandingAnswers
from fink_ad.sources.contracts import InputRange
from fink_ad.store import (
    BatchRecord,
    LabelImport,
    NewLabel,
    NewOrder,
    Order,
    ReviewerRecord,
    Showing,
    Store,
)

KEY = ("ztf", "transient")
ONLY_TOP = {"share_novel": 0, "share_random": 0, "share_repeat": 0, "share_gold": 0}


def only(kind: str) -> dict[str, float]:
    return ONLY_TOP | {f"share_{kind}": 1}


def make_queue(store: Store, **queue: object) -> Queue:
    return Queue(store, Settings.model_validate({"queue": ONLY_TOP | queue}))


def make_order(store: Store, n: int | None = None, by: int = 1) -> Order:
    """The objects of the kept alerts, by id or the other way round; novelty rises along it."""
    index = store.kept_index(*KEY)
    _, first = np.unique(index.object_id.astype(str), return_index=True)
    rows = first[::by][:n]
    size = len(rows)
    return Order(
        alert_id=index.alert_id[rows],
        object_id=index.object_id[rows],
        night=index.night[rows],
        n_det=index.n_det[rows],
        score=np.linspace(1, 0, size),
        one_in=np.geomspace(5000, 1, size),
        beyond=np.zeros(size, bool),
        novelty=np.linspace(0, 1, size),
        p_interesting=np.full(size, np.nan),
    )


def publish(store: Store, model: Model, order: Order, reviewer_id: int | None = None) -> Order:
    store.publish_order(NewOrder(*KEY, reviewer_id, model.revision, 0, order))
    return order


@pytest.fixture
def order(store: Store, model: Model) -> Order:
    return publish(store, model, make_order(store))


@pytest.fixture
def vera(store: Store) -> ReviewerRecord:
    return store.add_reviewer("vera")


@pytest.fixture
def edwin(store: Store) -> ReviewerRecord:
    return store.add_reviewer("edwin")


def one(queue: Queue, reviewer: ReviewerRecord, **more: object) -> Showing:
    (showing,) = queue.next(reviewer, *KEY, **more)  # type: ignore[arg-type]
    return showing


def answer(store: Store, showing: Showing, said: str = "ordinary") -> None:
    record(store, showing, said)


def label(store: Store, who: ReviewerRecord, order: Order, row: int, said: str, **more) -> None:
    new = NewLabel(
        survey="ztf",
        alert_id=int(order.alert_id[row]),
        reviewer_id=who.id,
        answer=said,  # type: ignore[arg-type]
        channel="test",
        answered_at=datetime.now(UTC),
    )
    store.add_label(replace(new, **more))


def test_the_strangest_comes_first_and_one_at_a_time(store: Store, order: Order, vera) -> None:
    queue = make_queue(store)
    seen = []
    for place in range(1, 6):
        showing = one(queue, vera)
        assert (showing.draw, showing.share, showing.place) == ("top", 1.0, place)
        assert showing.order_size == len(order)
        assert showing.score == order.score[place - 1]
        answer(store, showing)
        seen.append(showing.object_id)
    assert seen == order.object_id[:5].tolist()


def test_who_comes_back_finds_the_place_kept(store: Store, order: Order, vera) -> None:
    first = one(make_queue(store), vera)
    again = one(make_queue(store), vera)
    assert again.id == first.id
    assert again.leased_until > first.leased_until
    elsewhere = one(make_queue(store), vera, channel="page")
    assert elsewhere.object_id != first.object_id


def test_two_reviewers_do_not_meet_unless_wanted(store: Store, order: Order, vera, edwin) -> None:
    queue = make_queue(store)
    mine = one(queue, vera)
    theirs = one(queue, edwin)
    assert theirs.object_id != mine.object_id
    answer(store, mine)
    answer(store, theirs)
    assert {one(queue, who).object_id for who in (vera, edwin)} == set(order.object_id[2:4])
    meeting = make_queue(store, overlap=True)
    queue.skip(one(queue, edwin))
    assert one(meeting, edwin).object_id == mine.object_id


def test_an_object_others_are_unsure_of_is_open(store: Store, order: Order, vera, edwin) -> None:
    answer(store, one(make_queue(store), vera), "unsure")
    assert one(make_queue(store), edwin).object_id == order.object_id[0]
    assert one(make_queue(store), vera).object_id == order.object_id[1]


def test_skipping_passes_on_and_does_not_come_back_at_once(
    store: Store, order: Order, vera, edwin
) -> None:
    queue = make_queue(store)
    skipped = one(queue, vera)
    queue.skip(skipped)
    assert one(queue, vera).object_id == order.object_id[1]
    assert one(queue, edwin).object_id == skipped.object_id


def test_who_looked_longer_than_the_lease_still_skips(store: Store, order: Order, vera) -> None:
    short = make_queue(store, lease_minutes=1e-4)
    skipped = one(short, vera)
    time.sleep(0.02)
    short.skip(skipped)
    assert one(make_queue(store), vera).object_id == order.object_id[1]


def test_what_ran_out_was_not_skipped(store: Store, order: Order, vera) -> None:
    left_lying = one(make_queue(store, lease_minutes=1e-4), vera)
    time.sleep(0.02)
    assert one(make_queue(store, lease_minutes=60), vera).object_id == left_lying.object_id


def test_skipping_what_was_taken_up_again_counts(store: Store, order: Order, vera) -> None:
    first = one(make_queue(store, lease_minutes=1e-2), vera)
    again = one(make_queue(store, lease_minutes=60), vera)
    assert again.id == first.id
    make_queue(store, lease_minutes=1e-2).skip(again)
    assert one(make_queue(store), vera).object_id == order.object_id[1]


def test_much_in_other_hands_does_not_run_the_queue_dry(
    store: Store, order: Order, vera, edwin
) -> None:
    """More than a draw looks at are held by one; another gets what comes after them."""
    queue = make_queue(store)
    held = queue.next(edwin, *KEY, n=60, channel="chat")
    assert len(held) == 60
    assert one(queue, vera).object_id == order.object_id[60]
    rest = queue.next(edwin, *KEY, n=len(order), channel="chat")
    assert len(rest) == len(order) - 1
    answer(store, one(queue, vera))
    assert queue.next(vera, *KEY) == ()
    state = queue.state(vera, *KEY)
    assert state.n_open == 0
    assert f"but for {len(rest):,} that others have in hand: ask again in 10 min" in state.reason


def test_asking_for_one_leases_one_anew(store: Store, order: Order, vera) -> None:
    queue = make_queue(store)
    first, second = queue.next(vera, *KEY, n=2)
    assert one(queue, vera).id == first.id
    after = {showing.id: showing.leased_until for showing in store.showings(vera.id)}
    assert after[first.id] > first.leased_until
    assert after[second.id] == second.leased_until


def test_an_undone_answer_opens_the_object_again(store: Store, order: Order, vera) -> None:
    queue = make_queue(store)
    first = one(queue, vera)
    answer(store, first)
    undo(store, vera)
    assert one(queue, vera).object_id == first.object_id


def test_a_batch_is_of_different_objects_and_all_recorded(store: Store, order: Order, vera) -> None:
    queue = make_queue(store)
    batch = queue.next(vera, *KEY, n=10, channel="chat")
    assert [showing.place for showing in batch] == list(range(1, 11))
    assert store.showings(vera.id) == batch
    again = queue.next(vera, *KEY, n=12, channel="chat")
    assert [showing.id for showing in again[:10]] == [showing.id for showing in batch]
    assert len({showing.object_id for showing in again}) == 12


def test_there_are_no_more_than_there_are(store: Store, model: Model, vera) -> None:
    publish(store, model, make_order(store, n=3))
    queue = make_queue(store)
    batch = queue.next(vera, *KEY, n=10)
    assert len(batch) == 3
    for showing in batch:
        answer(store, showing)
    assert queue.next(vera, *KEY) == ()
    state = queue.state(vera, *KEY)
    assert state.n_open == 0
    assert "All 3 objects are answered" in state.reason


def test_nothing_to_show_has_a_reason(store: Store, model: Model, vera) -> None:
    queue = make_queue(store)
    assert queue.next(vera, *KEY) == ()
    assert "fink-ad learn" in queue.state(vera, *KEY).reason
    assert "fink-ad run" in queue.state(vera, "lsst", "transient").reason
    publish(store, model, Order.empty())
    assert queue.next(vera, *KEY) == ()
    assert "condition" in queue.state(vera, *KEY).reason
    publish(store, model, make_order(store))
    state = queue.state(vera, *KEY)
    assert (state.reason, state.n_open) == ("", len(make_order(store)))


def test_a_personal_order_is_its_reviewers_alone(store: Store, order: Order, model: Model) -> None:
    vera = store.add_reviewer("vera", personal=True)
    edwin = store.add_reviewer("edwin")
    queue = make_queue(store)
    assert one(queue, vera).object_id == order.object_id[0]  # until there is one
    queue.skip(one(queue, vera))
    own = publish(store, model, make_order(store, by=-1), vera.id)
    assert one(queue, vera).object_id == own.object_id[0]
    assert one(queue, edwin).object_id == order.object_id[0]
    # What others answered is still hers to judge.
    label(store, edwin, own, 1, "ordinary")
    answer(store, one(queue, vera))
    assert one(queue, vera).object_id == own.object_id[1]


def test_novel_are_those_unlike_all_answers_among_the_strange(
    store: Store, order: Order, vera
) -> None:
    showing = one(make_queue(store, **only("novel")), vera)
    tenth = int(np.ceil(len(order) / 10))
    assert (showing.draw, showing.place) == ("novel", tenth)
    assert "least like anything answered" in showing.reason


def test_without_answers_nothing_is_novel(store: Store, model: Model, vera) -> None:
    same = make_order(store)
    publish(store, model, Order(**{**vars(same), "novelty": np.ones(len(same))}))
    showing = one(make_queue(store, **only("novel")), vera)
    assert (showing.draw, showing.share) == ("top", 1.0)


def test_repeats_and_gold_look_like_any_other(store: Store, order: Order, vera, edwin) -> None:
    top = one(make_queue(store), vera)
    make_queue(store).skip(top)
    for row in range(21):
        label(store, vera, order, row, "ordinary")
    repeat = one(make_queue(store, **only("repeat")), vera)
    assert (repeat.draw, repeat.object_id) == ("repeat", order.object_id[0])
    assert repeat.reason == top.reason
    answer(store, repeat)
    # Once is enough: the first answer is the latest now, and the second is next.
    assert one(make_queue(store, **only("repeat")), vera).object_id == order.object_id[1]

    third = store.add_reviewer("henrietta")
    operator = store.add_reviewer("operator", role="operator")
    for who, row, said in [
        (edwin, 30, "bogus"),
        (third, 30, "ordinary"),  # not an anomaly, say both
        (edwin, 31, "anomaly"),
        (third, 31, "ordinary"),
        (edwin, 32, "anomaly"),
        (operator, 33, "anomaly"),
    ]:
        label(store, who, order, row, said)
    fourth = store.add_reviewer("annie")
    queue = make_queue(store, **only("gold"), return_magnitudes=50.0)
    gold = [answer_next(store, queue, fourth) for _ in range(2)]
    assert {showing.object_id for showing in gold} == {order.object_id[30], order.object_id[33]}
    assert {showing.reason for showing in gold} == {top.reason}
    assert answer_next(store, queue, fourth).draw == "top"


def answer_next(store: Store, queue: Queue, who: ReviewerRecord) -> Showing:
    showing = one(queue, who)
    answer(store, showing)
    return showing


@pytest.fixture
def twice(store: Store) -> tuple[str, int]:
    """An object with two kept alerts, and the earlier of them."""
    index = store.kept_index(*KEY)
    names, counts = np.unique(index.object_id.astype(str), return_counts=True)
    (name, *_) = names[counts > 1].tolist()
    rows = np.flatnonzero(index.object_id == name)
    early, late = rows[np.argsort(index.mjd_utc[rows])][[0, -1]].tolist()
    assert index.mjd_utc[late] > index.mjd_utc[early]
    return name, int(index.alert_id[early])


def come_in(store: Store, name: str, **changes: object) -> int:
    """Keep one more alert of an object, a day after its latest."""
    latest = store.object_alerts(name)[-1]
    (kept,) = store.kept("ztf", [latest.alert_id])
    later = replace(kept, alert_id=1, mjd_utc=kept.mjd_utc + 1, score=0.0, **changes)
    revision = kept.model_revision
    store.commit_batch(BatchRecord("x", (InputRange("x", 0, 1),), revision, "", {}, kept=(later,)))
    return later.alert_id


def order_with(store: Store, name: str, alert_id: int, one_in: float) -> Order:
    """An order in which an alert stands for its object."""
    columns = vars(make_order(store))
    place = columns["object_id"].tolist().index(name)
    columns["alert_id"] = columns["alert_id"].copy()
    columns["one_in"] = columns["one_in"].copy()
    columns["alert_id"][place], columns["one_in"][place] = alert_id, one_in
    return Order(**columns)


def test_an_answered_object_that_changed_comes_back_and_says_why(
    store: Store, model: Model, vera, twice
) -> None:
    """Its strangest alert is the answered one still; the latest is shown."""
    name, early = twice

    def stand(one_in: float) -> None:
        publish(store, model, order_with(store, name, early, one_in))

    stand(20.0)
    queue = make_queue(store, return_magnitudes=50.0)
    for showing in queue.next(vera, *KEY, n=1000):
        answer(store, showing)
    stand(200.0)
    assert queue.next(vera, *KEY) == ()  # its later alert was there when it was answered
    late = come_in(store, name)
    stand(199.0)
    assert queue.next(vera, *KEY) == ()
    stand(200.0)
    showing = one(queue, vera)
    assert (showing.object_id, showing.alert_id, showing.draw) == (name, late, "returned")
    assert showing.reason == "answered before, and now 1 in 200, was 1 in 20"
    answer(store, showing)
    assert queue.next(vera, *KEY) == ()  # that was about the late alert


def test_an_object_comes_back_to_others_than_who_answered(
    store: Store, model: Model, vera, edwin, twice
) -> None:
    """How rare it was then is known from the showing of who answered."""
    name, early = twice
    publish(store, model, order_with(store, name, early, 20.0))
    queue = make_queue(store, return_magnitudes=50.0)
    for showing in queue.next(vera, *KEY, n=1000):
        answer(store, showing)
    come_in(store, name)
    publish(store, model, order_with(store, name, early, 200.0))
    showing = one(queue, edwin)
    assert (showing.object_id, showing.draw) == (name, "returned")


def test_an_alert_that_comes_in_brings_its_object_back(
    store: Store, order: Order, model: Model, vera
) -> None:
    queue = make_queue(store)
    first = one(queue, vera)
    answer(store, first)
    late = come_in(store, first.object_id, broker_classes=("tns=SN Ia",))
    showing = one(queue, vera)
    assert (showing.object_id, showing.alert_id) == (first.object_id, late)
    assert "now called SN Ia by tns" in showing.reason


def test_what_was_known_when_it_was_answered_brings_nothing_back(
    store: Store, model: Model, vera, twice
) -> None:
    name, early = twice
    publish(store, model, order_with(store, name, early, 20.0))
    queue = make_queue(store, return_magnitudes=1e-6)  # the slightest change would do
    for showing in queue.next(vera, *KEY, n=1000):
        assert showing.latest_alert_id == store.object_alerts(showing.object_id)[-1].alert_id
        answer(store, showing)
    assert queue.next(vera, *KEY) == ()


def test_how_likely_it_is_goes_with_the_draw(store: Store, model: Model, vera) -> None:
    order = replace(make_order(store), p_interesting=np.full(len(make_order(store)), 0.25))
    publish(store, model, order)
    showing = one(make_queue(store), vera)
    assert (showing.p_interesting, showing.n_calibration) == (0.25, 0)


def brought(
    store: Store, who: ReviewerRecord, order: Order, row: int, said: str, name: str
) -> None:
    """Store an answer as an import of that name."""
    store.add_label_import(LabelImport(name, datetime.now(UTC), name, 1, 1))
    label(store, who, order, row, said, channel=f"import:{name}")


def test_an_import_that_nobody_trusts_closes_objects_for_its_people_alone(
    store: Store, order: Order, vera, edwin
) -> None:
    brought(store, edwin, order, 0, "ordinary", "old")
    assert one(make_queue(store), vera).object_id == order.object_id[0]
    assert one(make_queue(store), edwin).object_id == order.object_id[1]
    make_queue(store).skip(one(make_queue(store), vera))
    store.trust_import("old")
    third = store.add_reviewer("henrietta")
    assert one(make_queue(store), third).object_id == order.object_id[2]
    store.distrust_import("old")
    make_queue(store).skip(one(make_queue(store), edwin))
    assert one(make_queue(store), edwin).object_id == order.object_id[0]


def test_imports_make_gold_once_they_are_trusted(store: Store, order: Order, vera, edwin) -> None:
    third = store.add_reviewer("henrietta")
    for who, name in ((edwin, "a"), (third, "b")):
        brought(store, who, order, 7, "anomaly", name)
    gold = make_queue(store, **only("gold"))
    showing = one(gold, vera)
    assert showing.draw == "top"
    gold.skip(showing)
    store.trust_import("a")
    store.trust_import("b")
    assert (one(gold, vera).draw, one(gold, vera).object_id) == ("gold", order.object_id[7])


def test_answers_are_known_as_soon_as_they_stand(store: Store, order: Order, vera, edwin) -> None:
    standing = StandingAnswers(store)

    def known() -> list[tuple[int, int]]:
        found = [standing.of(*KEY, who.id) for who in (vera, edwin)]
        return [(len(one.own), len(one.others)) for one in found]

    label(store, vera, order, 0, "ordinary")
    assert known() == [(1, 0), (0, 1)]
    assert standing.of(*KEY, edwin.id).others[0] is standing.of(*KEY, edwin.id).others[0]
    label(store, vera, order, 1, "ordinary")
    brought(store, edwin, order, 2, "ordinary", "old")
    assert known() == [(2, 0), (1, 2)]
    store.trust_import("old")
    assert known() == [(2, 1), (1, 2)]
    store.retract_label(store.labels()[0].id, vera.id, "test")
    assert known() == [(1, 1), (1, 1)]


def test_kinds_of_draws_come_in_their_shares_and_by_a_hash(order: Order) -> None:
    settings = Settings.model_validate(
        {"queue": {"share_novel": 0.2, "share_random": 0.1, "share_repeat": 0, "share_gold": 0.05}}
    ).queue
    rows = np.arange(len(order))
    stock = Stock(rows, rows[:0], rows[-3:])
    drawn = [choose(order, stock, settings, "ztf", 1, count)[0] for count in range(4000)]
    kinds = Counter(kind for kind, _, _ in drawn)
    shares = {"top": 0.65, "novel": 0.2, "random": 0.1, "gold": 0.05}
    assert kinds.keys() == shares.keys()
    for kind, share in shares.items():
        assert kinds[kind] / 4000 == pytest.approx(share, abs=4 * np.sqrt(share / 4000))
    assert {round(share, 9) for kind, share, _ in drawn if kind == "top"} == {0.65}
    assert [choose(order, stock, settings, "ztf", 1, count)[0] for count in range(50)] == drawn[:50]
    assert [choose(order, stock, settings, "ztf", 2, count)[0] for count in range(50)] != drawn[:50]
    at_random = [row for kind, _, row in drawn if kind == "random"]
    assert np.mean(at_random) / len(order) == pytest.approx(0.5, abs=0.08)


def test_what_does_not_exist_leaves_its_share_to_the_top(order: Order) -> None:
    settings = Settings.model_validate({"queue": only("gold")}).queue
    rows = np.arange(len(order))
    nothing = rows[:0]
    (first, *_) = choose(order, Stock(rows, nothing, nothing), settings, "ztf", 1, 0)
    assert first == ("top", 1.0, 0)
    assert choose(order, Stock(nothing, nothing, nothing), settings, "ztf", 1, 0) == []


def test_a_damaged_alert_stops_nobody(store: Store, order: Order, model: Model, vera) -> None:
    (kept,) = store.kept("ztf", [int(order.alert_id[0])])
    damaged = replace(kept, alert_id=1, mjd_utc=kept.mjd_utc + 1, alert=b"?")
    at = (InputRange("x", 0, 1),)
    store.commit_batch(BatchRecord("x", at, model.revision, "", {}, kept=(damaged,)))
    label(store, vera, order, 0, "ordinary")
    columns = vars(order) | {"alert_id": np.concatenate([[1], order.alert_id[1:]])}
    publish(store, model, Order(**columns))
    assert one(make_queue(store), vera).object_id == order.object_id[1]
