"""Imports and exports of answers: nothing doubled, nothing lost, every refusal explained."""

import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine, event

from fink_ad.errors import ReviewError, StoreError
from fink_ad.review.exports import export_labels
from fink_ad.review.imports import ImportRules, import_labels, import_name
from fink_ad.review.labels import record
from fink_ad.sources.contracts import InputRange
from fink_ad.store import BatchRecord, CountKey, NewLabel, unpack_features


@pytest.fixture
def write(tmp_path):
    def put(rows, name="labels.csv", header="object_id,answer,reviewer,answered_at"):
        path = tmp_path / name
        path.write_text("\n".join([header, *rows]) + "\n")
        return path

    return put


CREATE = ImportRules(create_reviewers=True)


def test_rows_are_matched_or_refused_with_their_line(store, strangest, write):
    known = strangest[0].object_id
    path = write(
        [
            f"{known},anomaly,vera,2026-03-05T10:00:00Z",
            "ZTF00nowhere,anomaly,vera,2026-03-05",
            f"{known},yes,vera,2026-03-05T11:00",
            f"{known},ordinary,vera,2026-03-05T10:00:00+00:00",
            f"{known},anomaly,vera,2026-03-05T10:00:00Z",
            f"{known},anomaly,,2026-03-06",
            f"{known},anomaly,vera,soon",
            f"{known},anomaly,vera,2999-01-01",
            f"{strangest[1].object_id},bogus,uwe,61105.5",
            ",anomaly,vera,2026-03-05",
            f"{known},,vera,2026-03-05",
        ]
    )
    done = import_labels(store, path, "old", CREATE)
    assert (done.n_rows, done.n_stored, done.n_known) == (11, 2, 0)
    told = {one.line: one.reason for one in done.refused}
    assert list(told) == [3, 4, 5, 6, 7, 8, 9, 11, 12]
    assert "no alert of object 'ZTF00nowhere' is kept" in told[3]
    assert "--map yes=" in told[4]
    assert told[5] == "contradicts line 2"
    assert told[6] == "says the same as line 2"
    assert "nobody is named" in told[7]
    assert "no time" in told[8]
    assert "future" in told[9]
    assert "neither an alert nor an object" in told[11]
    assert "no answer" in told[12]
    first, second = store.labels()
    assert (first.object_id, first.answer, first.channel) == (known, "anomaly", "import:old")
    assert first.answered_at == datetime(2026, 3, 5, 10, tzinfo=UTC)
    assert second.answered_at == datetime(2026, 3, 6, 12, tzinfo=UTC)
    assert {one.name for one in store.reviewers()} == {"uwe", "vera"}
    (noted,) = store.label_imports()
    assert (noted.name, noted.n_rows, noted.n_stored, noted.trusted_at) == ("old", 11, 2, None)


def test_the_same_file_again_changes_nothing(store, strangest, write):
    path = write([f"{view.object_id},anomaly,vera," for view in strangest[:3]])
    first = import_labels(store, path, "old", CREATE)
    before = store.labels()
    again = import_labels(store, path, "old", CREATE)
    assert (first.n_stored, again.n_stored, again.n_known) == (3, 0, 3)
    assert store.labels() == before
    with pytest.raises(StoreError, match="another file was imported as 'old'"):
        import_labels(store, write([f"{strangest[0].object_id},bogus,vera,"]), "old", CREATE)
    assert store.labels() == before


def test_a_large_file_lets_others_answer_meanwhile(store, strangest, write):
    """It is stored in several transactions, and between two of them there is a pause."""
    ids = store.kept_index("ztf", "transient").alert_id.tolist()
    rows = [f"{one},ordinary,vera,2026-03-{day:02}" for one in ids for day in (5, 6, 7, 8)]
    path = write(rows, header="alert_id,answer,reviewer,answered_at")
    vera, sizes = store.add_reviewer("vera"), []

    def count(connection):
        n = connection.exec_driver_sql("SELECT count(*) FROM label").scalar_one()
        sizes.append(n - sum(sizes))

    event.listen(Engine, "commit", count)
    try:
        done = import_labels(store, path, "old", ImportRules())
    finally:
        event.remove(Engine, "commit", count)
    assert done.n_stored == sum(sizes) == len(rows) > 2000
    assert max(sizes) <= 1000
    assert [one.n_stored for one in store.label_imports()] == [len(rows)]
    assert len(store.labels(reviewer_id=vera.id)) == len(rows)


def test_rows_that_were_left_out_come_with_the_same_file(store, strangest, write):
    path = write(
        [f"{strangest[0].object_id},strange,vera,", f"{strangest[1].object_id},bogus,vera,"]
    )
    assert import_labels(store, path, "old", CREATE).n_stored == 1
    rules = replace(CREATE, answers={"strange": "anomaly"})
    done = import_labels(store, path, "old", rules)
    assert (done.n_stored, done.n_known) == (1, 1)
    assert [one.n_stored for one in store.label_imports()] == [2]


def test_a_file_of_which_nothing_is_stored_leaves_its_name_free(store, strangest, write):
    known = strangest[0].object_id
    import_labels(store, write([f"{known},strange,vera,"]), "old", CREATE)
    assert store.label_imports() == ()
    assert import_labels(store, write([f"{known},anomaly,vera,"]), "old", CREATE).n_stored == 1


def test_what_was_stored_wrongly_is_said_and_can_be_put_right(store, strangest, write):
    known = strangest[0].object_id
    path = write([f"{known},1,vera,2026-03-05", f"{strangest[1].object_id},bogus,vera,2026-03-05"])
    import_labels(store, path, "old", replace(CREATE, answers={"1": "ordinary"}))
    right = replace(CREATE, answers={"1": "anomaly"})
    again = import_labels(store, path, "old", right)
    assert (again.n_stored, again.n_known) == (0, 1)
    assert [(one.line, one.reason[:36]) for one in again.refused] == [
        (2, "stored as ordinary before; import th")
    ]
    assert import_labels(store, path, "mended", right).n_stored == 1
    latest = {one.object_id: one.answer for one in store.latest_labels("ztf")}
    assert latest[known] == "anomaly"


def test_a_row_without_a_time_stands_below_what_was_said_here(store, strangest, show, write):
    vera = store.add_reviewer("vera")
    record(store, show(strangest[0], vera.id), "anomaly")
    known = strangest[0].object_id
    import_labels(store, write([f"{known},bogus,vera,"]), "old", ImportRules())
    assert [one.answer for one in store.latest_labels("ztf")] == ["anomaly"]
    assert [one.answer for one in store.labels()] == ["anomaly", "bogus"]
    with_other_name = write([f"{known},bogus,vera,", ""], name="again.csv")
    assert import_labels(store, with_other_name, "new", ImportRules()).n_known == 1


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("0001-01-01T00:00:00+14:00", "no time"),
        ("0001-01-01T00:00:00Z", "before 1900"),
        ("1858-12-01", "before 1900"),
        ("1950-01-01", "seen only at 2026-03-0"),
        ("٦٠٠٠٠", "no time"),
        ("6_0000", "no time"),
        ("1e300", "no time"),
        ("12", "before 1900"),
        ("inf", "no time"),
    ],
)
def test_times_that_cannot_be_are_refused(store, strangest, write, when, told):
    path = write(
        [f"{strangest[0].alert_id},anomaly,vera,{when}"],
        header="alert_id,answer,reviewer,answered_at",
    )
    done = import_labels(store, path, "old", CREATE)
    assert [told in one.reason for one in done.refused] == [True]


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ("nan", "nobody is named"),
        (" =cmd", "begins like a formula"),
        ("'=cmd", "begins like a formula"),
        ("shared", "everybody's model"),
        ("a\x07", "is no name"),
    ],
)
def test_names_that_are_none_are_refused(store, strangest, write, who, told):
    done = import_labels(store, write([f"{strangest[0].object_id},anomaly,{who},"]), "old", CREATE)
    assert [told in one.reason for one in done.refused] == [True]
    assert store.reviewers() == ()


@pytest.mark.parametrize(
    ("tags", "kept"),
    [
        ('"[""h\\u00f6st"", ""x, y""]"', ("höst", "x, y")),
        ('"SN, SN,host"', ("SN", "host")),
        ("nan", ()),
    ],
)
def test_tags_are_read_by_commas_or_as_json(store, strangest, write, tags, kept):
    path = write([f"{strangest[0].object_id},anomaly,vera,{tags}"], header=TAGS)
    assert import_labels(store, path, "old", CREATE).refused == ()
    assert store.labels()[0].tags == kept


TAGS = "object_id,answer,reviewer,tags"


def test_tags_that_are_no_list_are_refused(store, strangest, write):
    path = write([f"{strangest[0].object_id},anomaly,vera,[SN"], header=TAGS)
    (refused,) = import_labels(store, path, "old", CREATE).refused
    assert "no list in JSON" in refused.reason


def test_lists_and_times_of_parquet_are_read(store, strangest, tmp_path):
    far, near, none = 2**61, 1_772_800_000_123_456, None
    table = pa.table(
        {
            "object_id": [one.object_id for one in strangest[:3]],
            "answer": ["anomaly"] * 3,
            "reviewer": ["vera"] * 3,
            "answered_at": pa.array([far, near, none], pa.timestamp("us")),
            "tags": [["a"], ["höst", "x, y"], None],
        }
    )
    path = tmp_path / "labels.parquet"
    pq.write_table(table, path)
    done = import_labels(store, path, "old", CREATE)
    assert [(one.line, "no time" in one.reason) for one in done.refused] == [(1, True)]
    second, third = store.labels()
    assert second.answered_at == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=near)
    assert (second.tags, third.tags) == (("höst", "x, y"), ())


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("old.csv", "old"),
        ("my labels (1).csv", "my-labels-1"),
        ("höst.csv", "host"),
        ("年.csv", ""),
    ],
)
def test_an_import_is_named_after_its_file(file, name):
    assert import_name(Path(file)) == name


def test_the_alert_of_an_object_is_the_nearest_in_time_or_the_strangest(store, strangest, write):
    """Two alerts of an object: the recorded one, and a stranger one ten days later."""
    kept = store.kept("ztf", [strangest[0].alert_id])[0]
    later = replace(kept, alert_id=77, mjd_utc=kept.mjd_utc + 10, score=kept.score + 1, stamps=None)
    store.commit_batch(
        BatchRecord(
            "files",
            (InputRange("late.avro", 0, 1),),
            kept.model_revision,
            "",
            {CountKey(20260311, "ztf", "in"): 1, CountKey(20260311, "ztf", "scored"): 1},
            kept=(later,),
        )
    )
    path = write(
        [
            f"{kept.object_id},anomaly,vera,{kept.mjd_utc + 1}",
            f"{kept.object_id},anomaly,vera,{kept.mjd_utc + 9}",
            f"{kept.object_id},anomaly,vera,",
        ]
    )
    import_labels(store, path, "old", CREATE)
    assert [one.alert_id for one in store.labels()] == [kept.alert_id, 77, 77]


def test_alert_ids_are_whole_and_of_their_object(store, strangest, write):
    one, other = strangest[:2]
    path = write(
        [
            f"{one.alert_id},{one.object_id},anomaly",
            f"{other.alert_id},{one.object_id},anomaly",
            f"{float(one.alert_id)},,anomaly",
            "12,,anomaly",
        ],
        header="candid,objectId,label",
    )
    done = import_labels(store, path, "old", ImportRules(reviewer="vera", create_reviewers=True))
    assert [label.alert_id for label in store.labels()] == [one.alert_id]
    reasons = [one.reason for one in done.refused]
    assert f"is of {other.object_id}" in reasons[0]
    assert "no whole number" in reasons[1]
    assert "alert 12 is not kept" in reasons[2]


def test_words_are_mapped_and_columns_named(store, strangest, write):
    path = write([f"{strangest[0].object_id};True"], header="x")
    path.write_text(f"thing,verdict\n{strangest[0].object_id},True\n")
    rules = ImportRules(
        columns={"object": "thing", "answer": "verdict"},
        answers={"True": "anomaly"},
        reviewer="vera",
        create_reviewers=True,
    )
    assert import_labels(store, path, "old", rules).n_stored == 1
    assert store.labels()[0].answer == "anomaly"


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        (ImportRules(), "no reviewer 'vera'"),
        (ImportRules(answers={"a": "b"}), "cannot mean 'b'"),
        (ImportRules(survey="hst"), "no survey 'hst'"),
        (ImportRules(columns={"answer": "verdict"}), "no column 'verdict'"),
    ],
)
def test_rules_that_make_no_sense_are_refused(store, strangest, write, rules, told):
    path = write([f"{strangest[0].object_id},anomaly,vera,"])
    with pytest.raises(ReviewError, match=told):
        import_labels(store, path, "old", rules)
    assert store.labels() == ()
    assert store.label_imports() == ()


def test_a_retired_reviewer_stays_retired(store, strangest, write):
    store.add_reviewer("vera")
    store.retire_reviewer("vera")
    with pytest.raises(ReviewError, match="'vera' is retired"):
        import_labels(store, write([f"{strangest[0].object_id},anomaly,vera,"]), "old", CREATE)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"object_id,answer\n\xff,b\n", "not UTF-8"),
        ("a.csv", b'object_id,answer\n"a,b\n', "line 2"),
        ("a.csv", b"a,b\n1,2\n", "no column of answers"),
        ("a.csv", b"answer\nanomaly\n", "no column of alerts or objects"),
        ("a.parquet", b"PAR1", "no Parquet"),
        ("a.txt", b"", "name it .csv or .parquet"),
    ],
)
def test_a_file_that_is_none_is_refused(store, tmp_path, name, content, told):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ReviewError, match=told):
        import_labels(store, path, "old", CREATE)
    with pytest.raises(ReviewError, match="cannot read"):
        import_labels(store, tmp_path / "absent.csv", "old", CREATE)
    with pytest.raises(ReviewError, match="no name of an import"):
        import_labels(store, path, "../old", CREATE)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_what_is_exported_can_be_imported(store, strangest, tmp_path, suffix):
    vera = store.add_reviewer("=vera").id
    now = datetime.now(UTC)
    given = [
        store.add_label(
            NewLabel(
                "ztf", view.alert_id, vera, answer, "test", now, tags=("SN", "@x"), note="=1+1"
            )
        )
        for view, answer in zip(strangest, ("anomaly", "bogus", "unsure"), strict=False)
    ]
    store.retract_label(given[1].id, vera, "test")
    path = tmp_path / f"labels.{suffix}"
    assert export_labels(store, path, with_features=True) == 4
    before = store.labels()
    done = import_labels(store, path, "back", ImportRules())
    assert (done.n_rows, done.n_stored, done.n_known) == (4, 0, 2)
    first, second = (one.reason for one in done.refused)
    assert "taken back" in first
    assert "'retracted' is no answer" in second
    assert store.labels() == before


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_an_export_teaches_another_store(store, strangest, tmp_path, suffix):
    vera = store.add_reviewer("=vera").id
    given = NewLabel(
        *("ztf", strangest[0].alert_id, vera, "anomaly", "test", datetime.now(UTC)),
        tags=("SN", "@x"),
        note="=1+1",
    )
    path = tmp_path / f"labels.{suffix}"
    first = store.add_label(given)
    export_labels(store, path)
    store.retract_label(first.id, vera, "test")
    table = pd.read_csv(path) if suffix == "csv" else pd.read_parquet(path)
    table["answered_at"] = "2026-03-05T10:00:00+00:00"
    table.to_csv(path, index=False) if suffix == "csv" else table.to_parquet(path)
    assert import_labels(store, path, "back", ImportRules()).n_stored == 1
    back = store.labels()[-1]
    assert (back.reviewer_id, back.alert_id, back.answer) == (vera, first.alert_id, "anomaly")
    assert (back.tags, back.note) == (("SN", "@x"), "=1+1")


def test_csv_runs_nothing_in_a_spreadsheet(store, strangest, tmp_path):
    vera = store.add_reviewer("@vera").id
    store.add_label(
        NewLabel(
            "ztf", strangest[0].alert_id, vera, "anomaly", "test", datetime.now(UTC), note="=1"
        )
    )
    path = tmp_path / "labels.csv"
    export_labels(store, path)
    with path.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["reviewer"], row["note"], row["alert_id"]) == (
        "'@vera",
        "'=1",
        str(strangest[0].alert_id),
    )


def test_exported_features_are_those_of_the_answer(store, strangest, tmp_path):
    vera = store.add_reviewer("vera").id
    label = store.add_label(
        NewLabel("ztf", strangest[0].alert_id, vera, "anomaly", "test", datetime.now(UTC))
    )
    path = tmp_path / "labels.parquet"
    export_labels(store, path, with_features=True)
    (found,) = pd.read_parquet(path)["features"]
    np.testing.assert_array_equal(found, unpack_features(store.label_features([label.id]))[0])


def test_an_export_is_complete_or_absent(store, tmp_path):
    with pytest.raises(ReviewError, match=r"name it \.parquet or \.csv"):
        export_labels(store, tmp_path / "labels.xlsx")
    with pytest.raises(ReviewError, match="cannot write"):
        export_labels(store, tmp_path / "absent" / "labels.csv")
    assert export_labels(store, tmp_path / "none.csv") == 0
    assert (tmp_path / "none.csv").read_text().startswith("label_id,survey,alert_id")
