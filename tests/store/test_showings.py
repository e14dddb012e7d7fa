"""What was drawn for whom; two reviewers meet only if that is wanted."""

from datetime import timedelta

import pytest

from fink_ad.errors import StoreError
from fink_ad.store import NewLabel, Showing, Store

LATER = ("id", "drawn_at", "leased_until", "shown_at", "released_at", "latest_alert_id")


@pytest.fixture
def people(timed: Store, make) -> tuple[int, int]:
    timed.commit_batch(make.batch(list(range(1, 15))))
    return timed.add_reviewer("Maria").id, timed.add_reviewer("John").id


def test_a_showing_tells_all_of_the_draw(timed: Store, people, make, hand_clock):
    choice = make.showing(
        3, people[0], draw="random", place=5, p_interesting=0.25, n_calibration=80
    )
    taken = timed.take_showing([choice], 60)
    assert taken is not None
    assert taken == Showing(**vars(choice), **{name: vars(taken)[name] for name in LATER})
    assert (taken.drawn_at, taken.shown_at) == (hand_clock.now, None)
    assert taken.latest_alert_id == timed.object_alerts(choice.object_id)[-1].alert_id
    assert taken.leased_until == hand_clock.now + timedelta(seconds=60)
    assert timed.showings() == timed.open_showings(people[0], "ztf", "transient") == (taken,)
    assert timed.open_showings(people[0], "ztf", "solar_system") == ()


def test_others_get_the_next_object(timed: Store, people, make):
    maria, john = people
    first = timed.take_showing([make.showing(one, maria) for one in (1, 2)], 60)
    # Alert 8 is of the same object as alert 1.
    second = timed.take_showing([make.showing(one, john) for one in (1, 8, 2)], 60)
    assert first is not None
    assert second is not None
    assert (first.alert_id, second.alert_id) == (1, 2)
    assert timed.take_showing([make.showing(8, john)], 60) is None
    assert timed.take_showing([make.showing(8, john)], 60, overlap=True) is not None
    assert timed.take_showing([], 60) is None


def test_asking_again_keeps_the_place(timed: Store, people, make, hand_clock):
    first = timed.take_showing([make.showing(1, people[0])], 60)
    hand_clock.pass_by(30)
    again = timed.take_showing([make.showing(8, people[0]), make.showing(2, people[0])], 60)
    assert first is not None
    assert again is not None
    assert again.id == first.id
    assert again.leased_until == first.leased_until + timedelta(seconds=30)
    assert timed.count_showings(people[0]) == 1


@pytest.mark.parametrize("end", ["answer", "release", "time"])
def test_a_lease_ends(timed: Store, people, make, hand_clock, end):
    maria, john = people
    taken = timed.take_showing([make.showing(1, maria)], 60)
    assert taken is not None
    if end == "answer":
        # About another alert of the object.
        timed.add_label(NewLabel("ztf", 8, maria, "unsure", "terminal", hand_clock.now))
    elif end == "release":
        released = timed.release_showing(taken.id)
        assert released.leased_until == hand_clock.now
        hand_clock.pass_by(1)
        assert timed.release_showing(taken.id) == released
        assert released.released_at == released.leased_until
    else:
        hand_clock.pass_by(60)
    assert timed.open_showings(maria, "ztf", "transient") == ()
    assert timed.take_showing([make.showing(1, john)], 60) is not None


def test_what_is_given_back_late_is_remembered_too(timed: Store, people, make, hand_clock):
    taken = timed.take_showing([make.showing(1, people[0])], 60)
    assert taken is not None
    assert taken.released_at is None
    hand_clock.pass_by(90)
    released = timed.release_showing(taken.id)
    assert released.released_at == hand_clock.now
    assert released.leased_until == taken.leased_until


def test_what_others_have_in_hand_is_known(timed: Store, people, make, hand_clock):
    maria, john = people
    for reviewer, alert_id in ((maria, 1), (john, 2)):
        timed.take_showing([make.showing(alert_id, reviewer)], 60)
    assert timed.objects_in_hand("ztf", "transient", not_of=maria) == {"object2"}
    assert timed.objects_in_hand("ztf", "solar_system", not_of=maria) == frozenset()
    hand_clock.pass_by(60)
    assert timed.objects_in_hand("ztf", "transient", not_of=maria) == frozenset()


def test_the_answer_of_another_ends_nothing(timed: Store, people, make, hand_clock):
    maria, john = people
    timed.take_showing([make.showing(1, maria)], 60)
    timed.add_label(NewLabel("ztf", 1, john, "unsure", "terminal", hand_clock.now))
    assert len(timed.open_showings(maria, "ztf", "transient")) == 1


def test_alerts_that_are_gone_are_passed_over(timed: Store, people, make):
    taken = timed.take_showing([make.showing(one, people[0]) for one in (99, 2)], 60)
    assert taken is not None
    assert taken.alert_id == 2


def test_the_first_time_on_the_screen_stays(timed: Store, people, make, hand_clock):
    taken = timed.take_showing([make.showing(1, people[0])], 60)
    assert taken is not None
    shown = timed.mark_shown(taken.id)
    assert shown.shown_at == hand_clock.now
    assert timed.mark_shown(taken.id, hand_clock.now + timedelta(seconds=9)) == shown


def test_what_was_drawn_is_asked_for(timed: Store, people, make, hand_clock):
    for number, one in enumerate((1, 2, 3)):
        timed.take_showing([make.showing(one, people[number % 2])], 60)
        hand_clock.pass_by(100)
    since = hand_clock.now - timedelta(seconds=200)
    assert [one.alert_id for one in timed.showings(people[0])] == [1, 3]
    assert [one.alert_id for one in timed.showings(since=since)] == [2, 3]
    assert timed.showings(survey="lsst") == ()


def test_what_makes_no_sense(timed: Store, people, make):
    maria, john = people
    with pytest.raises(StoreError, match="take one reviewer's at a time"):
        timed.take_showing([make.showing(1, maria), make.showing(2, john)], 60)
    with pytest.raises(StoreError, match="draw 'odd' is not one of top"):
        timed.take_showing([make.showing(1, maria, draw="odd")], 60)
    timed.retire_reviewer("John")
    with pytest.raises(StoreError, match="is retired"):
        timed.take_showing([make.showing(1, john)], 60)
    for ask in (timed.mark_shown, timed.release_showing):
        with pytest.raises(StoreError, match="no showing 99"):
            ask(99)


def test_what_is_at_hand_is_what_a_reviewer_holds_or_gave_back_of_late(
    timed: Store, people, make, hand_clock
):
    maria, _ = people
    held, given_back, past = (
        timed.take_showing([make.showing(alert_id, maria)], 60) for alert_id in (3, 4, 5)
    )
    timed.release_showing(past.id)
    hand_clock.now += timedelta(hours=1)
    timed.release_showing(given_back.id)
    repeat = timed.take_showing([make.showing(6, maria, draw="repeat")], 60)
    found = timed.showings_at_hand(maria, "ztf", hand_clock.now - timedelta(minutes=1))
    assert {one.id for one in found} == {given_back.id, repeat.id}
    assert timed.repeated_objects(maria, "ztf") == {repeat.object_id}
    assert timed.showings_of(maria, "ztf", [3, 9]) == {3: timed.showings(maria)[0]}
    assert held.id == timed.showings(maria)[0].id
