"""Imports and exports of answers: nothing doubled, nothing lost, every refusal explained."""

import csv
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from fink_ad.errors import ReviewError, StoreError
from fink_ad.review.exports import export_labels
from fink_ad.review.imports import ImportRules, import_labels
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
