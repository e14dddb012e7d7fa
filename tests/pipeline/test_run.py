import dataclasses
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fink_ad.store.records import CountKey


def total(counts, kind):
    return sum(n for key, n in counts.items() if key.kind == kind)


def test_every_alert_is_accounted_for_once(home, night, packets):
    summary = home.run(night)
    assert summary.n_in == len(packets)
    assert summary.adds_up
    assert summary.n_filtered["low_real_bogus"] > 0
    assert summary.n_scored == summary.n_in - summary.n_filtered.total()
    with home.store() as store:
        counts = store.counts()
        nights = {key.night for key in counts}
    assert nights == {20260301}
    assert total(counts, "in") == summary.n_in
    assert total(counts, "scored") == summary.n_scored == len(home.by_alert())


def test_the_same_input_again_changes_nothing(home, night):
    home.run(night)
    before = home.contents()
    again = home.run(night)
    assert again.n_in == 0
    assert home.contents() == before


def test_a_copied_file_holds_duplicates_only(home, packets, tmp_path):
    first = packets[:150].write(tmp_path / "a.avro")
    home.run(first)
    scores = home.by_alert()
    copy = packets[:150].write(tmp_path / "b.avro")
    summary = home.run(copy)
    assert (summary.n_in, summary.n_duplicate, summary.n_scored) == (150, 150, 0)
    assert home.by_alert() == scores


@pytest.mark.parametrize("batch_size", [7, 100, 1000])
def test_duplicates_count_once_wherever_they_are(home, packets, tmp_path, batch_size):
    rows = [*range(60), 3, 3, *range(50, 70)]
    packets.of(rows).write(tmp_path / "in" / "a.avro")
    packets.of([5, 80, 5, 81]).write(tmp_path / "in" / "b.avro")
    summary = home.run(tmp_path / "in", batch_size=batch_size)
    assert summary.n_in == 86
    assert summary.n_duplicate == 2 + 10 + 2
    assert summary.adds_up
    scored = [alert[0] for alert in home.by_alert()]
    assert len(scored) == len(set(scored)) == summary.n_scored
    packets.of([2, 90]).write(tmp_path / "c.avro")
    assert home.run(tmp_path / "c.avro").n_duplicate == 1


def test_a_night_in_two_runs_is_a_night_in_one(trained_home, packets, tmp_path):
    first = packets[:400].write_parts(tmp_path / "a", 50)
    second = packets[400:].write_parts(tmp_path / "b", 50)
    whole, split = trained_home("whole"), trained_home("split")
    whole.run(first, second)
    split.run(first)
    split.run(second)
    assert split.contents() == whole.contents()


def test_a_run_stopped_between_batches_goes_on_where_it_was(trained_home, night, packets):
    whole, split = trained_home("whole"), trained_home("split")
    whole.run(night)
    stopped = split.run(night, should_stop=lambda: True)
    assert stopped.interrupted
    assert 0 < stopped.n_in < len(packets)
    rest = split.run(night)
    assert not rest.interrupted
    assert stopped.n_in + rest.n_in == len(packets)
    assert split.contents() == whole.contents()


def test_nights_mixed_in_a_file_are_compared_alike_after_every_stop(
    trained_home, packets, later_packets, tmp_path
):
    """The second night begins before the first one is over, and is compared with it."""
    mixed = [*packets[:700].bodies, *later_packets.bodies[:40], *packets.bodies[700:]]
    mixed += later_packets.bodies[40:]
    folder = dataclasses.replace(packets, bodies=tuple(mixed)).write_parts(tmp_path / "in", 45)
    whole, split = trained_home("whole"), trained_home("split")
    whole.run(folder)
    n_stops = 0
    while split.run(folder, should_stop=lambda: True).interrupted:
        n_stops += 1
    assert n_stops > 6
    assert split.contents() == whole.contents()


def test_scores_and_candidates_do_not_depend_on_the_batch_size(trained_home, night):
    found = []
    for size in (33, 1000):
        home = trained_home(f"size{size}")
        home.run(night, batch_size=size)
        with home.store() as store:
            views = store.candidates(top=None, best_per_object=False)
        found.append(
            (home.by_alert(), [(v.alert_id, v.score, v.one_in, v.top_features) for v in views])
        )
    assert found[0] == found[1]
    assert found[0][1]


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_counts_add_up_for_any_mixture(trained_home, packets, tmp_path_factory, data):
    """Good packets, packets met before and damaged ones, in any order and in files of any size."""
    folder = tmp_path_factory.mktemp("mixture")
    n_files = data.draw(st.integers(1, 6))
    good: list[int] = []
    n_damaged = 0
    for number in range(n_files):
        rows = data.draw(st.lists(st.integers(0, 40), min_size=1, max_size=8))
        content = packets.of(rows).container(block=1)
        path = folder / "in" / f"{number}.avro"
        path.parent.mkdir(exist_ok=True)
        if data.draw(st.booleans()):
            cut = data.draw(st.integers(1, 200))
            content = content[:-cut]  # the last block is cut short, or loses its mark
            n_damaged += 1
            rows = rows[:-1]
        good += rows
        path.write_bytes(content)
    home = trained_home(folder.name)
    summary = home.run(folder / "in", batch_size=data.draw(st.integers(1, 20)))
    assert summary.adds_up
    assert summary.n_in == len(good) + n_damaged
    assert summary.n_dead_letter.total() == n_damaged
    assert summary.n_duplicate == len(good) - len(set(good))
    before = home.contents()
    assert home.run(folder / "in").n_in == 0
    assert home.contents() == before


def test_a_damaged_packet_among_others_is_stored_with_its_reason(trained_home, packets, tmp_path):
    folder = packets[:5].write_parts(tmp_path / "in")
    broken = folder / "00002.avro"
    broken.write_bytes(broken.read_bytes()[:-40])
    home = trained_home("home")
    summary = home.run(folder)
    assert summary.n_in == 5
    assert summary.n_dead_letter.total() == 1
    with home.store() as store:
        (letter,) = store.dead_letters()
        counts = store.counts(night=0)
    assert str(broken) in letter.detail
    assert letter.reason in summary.n_dead_letter
    assert letter.schema_hash
    assert letter.payload == broken.read_bytes()
    assert counts == {
        CountKey(0, "", "in"): 1,
        CountKey(0, "", "dead_letter", letter.reason): 1,
    }


def test_what_cannot_be_read_at_present_is_told_each_time_and_stored_never(
    trained_home, packets, tmp_path
):
    file = packets[:3].write(tmp_path / "in" / "a.avro")
    away = tmp_path / "in" / "b.avro"
    away.symlink_to(tmp_path / "not-there-yet.avro")
    home = trained_home("home")
    summary = home.run(file, away)
    assert summary.adds_up
    assert summary.n_dead_letter == Counter({"unreadable": 1})
    before = home.contents()
    again = home.run(file, away)
    assert (again.n_in, again.n_dead_letter["unreadable"]) == (1, 1)
    assert str(away) in again.dead_letters[0].detail
    assert home.contents() == before
    packets[3:5].write(tmp_path / "not-there-yet.avro")
    found = home.run(file, away)
    assert (found.n_in, found.n_dead_letter.total()) == (2, 0)
