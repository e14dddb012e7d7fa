"""Answers: given once, taken back, looked at; nonsense is refused in words."""

from datetime import UTC, datetime, timedelta

import pytest

from fink_ad.errors import ReviewError, StoreError
from fink_ad.review.labels import history, record, undo
from fink_ad.store import NewLabel

SENT_AS = "one answer"


def test_an_answer_carries_what_was_shown(store, strangest, show):
    vera = store.add_reviewer("vera")
    showing = show(strangest[0], vera.id)
    label = record(
        store, showing, "anomaly", tags=("SN ", "SN", ""), note=" look! \n", token=SENT_AS
    )
    assert (label.alert_id, label.object_id) == (strangest[0].alert_id, strangest[0].object_id)
    assert (label.answer, label.tags, label.note) == ("anomaly", ("SN",), "look!")
    assert (label.model_revision, label.channel) == (showing.model_revision, "test")
    assert label.shown_at == showing.shown_at
    assert label.answered_at >= label.shown_at
    again = record(store, showing, "anomaly", tags=("SN",), note="look!", token=SENT_AS)
    assert again.id == label.id
    assert store.open_showings(vera.id, "ztf", "transient") == ()


def test_the_last_own_answer_is_taken_back(store, strangest, show):
    vera, uwe = store.add_reviewer("vera"), store.add_reviewer("uwe")
    first = record(store, show(strangest[0], vera.id), "anomaly")
    second = record(store, show(strangest[1], vera.id), "bogus")
    theirs = record(store, show(strangest[2], uwe.id), "ordinary")
    assert undo(store, vera).id == second.id
    assert undo(store, vera).id == first.id
    with pytest.raises(ReviewError, match="'vera' has no answer to take back"):
        undo(store, vera)
    with pytest.raises(ReviewError, match=f"no answer {theirs.id} to take back"):
        undo(store, vera, theirs.id)
    assert [(one.label.id, one.undone) for one in history(store, vera)] == [
        (second.id, True),
        (first.id, True),
    ]
    assert not history(store, uwe)[0].undone
    assert len(history(store, vera, limit=1)) == 1


def test_an_imported_answer_is_taken_back_by_its_number_only(store, strangest):
    vera = store.add_reviewer("vera")
    imported = store.add_label(
        NewLabel("ztf", strangest[0].alert_id, vera.id, "anomaly", "import:old", datetime.now(UTC))
    )
    with pytest.raises(ReviewError, match="no answer"):
        undo(store, vera)
    assert [one.label.id for one in history(store, vera)] == [imported.id]
    assert history(store, vera, imported=False) == ()
    assert undo(store, vera, imported.id).id == imported.id


def test_two_windows_of_one_reviewer_store_one_answer(store, strangest, show):
    vera = store.add_reviewer("vera")
    showing = show(strangest[0], vera.id)
    first = record(store, showing, "anomaly", token="one window")
    with pytest.raises(StoreError, match="answered meanwhile: anomaly"):
        record(store, showing, "ordinary", token="another")
    assert record(store, showing, "anomaly", token="one window") == first
    undo(store, vera)
    assert record(store, showing, "ordinary", token="another").answer == "ordinary"
    assert record(store, show(strangest[0], vera.id, "repeat"), "bogus").answer == "bogus"


def test_an_operator_takes_back_for_the_retired(store, strangest, show):
    vera = store.add_reviewer("vera")
    given = record(store, show(strangest[0], vera.id), "anomaly")
    store.retire_reviewer("vera")
    with pytest.raises(StoreError, match="retired"):
        undo(store, vera)
    assert undo(store, vera, by_operator=True).id == given.id


def test_a_note_from_another_machine_is_taken_as_it_is_meant(store, strangest, show):
    showing = show(strangest[0], store.add_reviewer("vera").id)
    label = record(store, showing, "anomaly", note="a\r\nb\rc\td\xa0e ", tags=("SN\xa0Ia",))
    assert (label.note, label.tags) == ("a\nb\nc d e", ("SN Ia",))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"answer": "maybe"}, "'maybe' is no answer"),
        ({"tags": ["x" * 51]}, "is no tag"),
        ({"tags": ["a\x1b[2J"]}, "is no tag"),
        ({"tags": [str(n) for n in range(11)]}, "too many"),
        ({"note": "x" * 2001}, "too long"),
        ({"note": "a\x07"}, "do not print"),
        ({"answered_at": datetime.now(UTC) - timedelta(days=1)}, "check the clock"),
    ],
)
def test_what_makes_no_sense_is_refused(store, strangest, show, changes, told):
    showing = show(strangest[0], store.add_reviewer("vera").id)
    arguments = {"answer": "anomaly"} | changes
    with pytest.raises(ReviewError, match=told):
        record(store, showing, **arguments)
    assert store.labels() == ()


def test_who_may_not_answer_does_not(store, strangest, show):
    vera = store.add_reviewer("vera")
    showing = show(strangest[0], vera.id)
    store.retire_reviewer("vera")
    with pytest.raises(StoreError, match="retired"):
        record(store, showing, "anomaly")
