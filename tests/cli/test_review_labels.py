"""`fink-ad labels` and `fink-ad reviewers`."""

import csv
from datetime import UTC, datetime

import pytest

from fink_ad.store import NewLabel, Store


@pytest.fixture
def answered(ran):
    """The home of this test, in which vera answered about two objects."""
    with Store.open(ran) as store:
        vera = store.add_reviewer("vera").id
        for view, answer in zip(
            store.candidates(2, population="transient"), ("anomaly", "bogus"), strict=True
        ):
            store.add_label(
                NewLabel(
                    *("ztf", view.alert_id, vera, answer, "terminal", datetime.now(UTC)),
                    tags=("[red]SN",),
                    note="\x1b[2Jlook",
                )
            )
    return ran


def test_reviewers_come_change_and_go(fink_ad, home):
    assert "Nobody yet" in fink_ad("reviewers", "list").out
    assert fink_ad("reviewers", "add", "vera").out == "vera: reviewer, the shared ranking\n"
    changed = fink_ad("reviewers", "change", "vera", "--role", "operator", "--personal")
    assert changed.out == "vera: operator, a ranking of their own\n"
    assert fink_ad("reviewers", "add", "vera").out == changed.out
    (one,) = fink_ad("reviewers", "list", "--json").json
    assert (one["name"], one["role"], one["personal"], one["answers"]) == (
        *("vera", "operator", True, 0),
    )
    assert fink_ad("reviewers", "remove", "vera").out == (
        "vera may answer no longer\n"
        "No operator is left: fink-ad reviewers change NAME --role operator\n"
    )
    assert "removed" in fink_ad("reviewers", "list").out
    assert (
        "removed, so they may not answer" in fink_ad("reviewers", "change", "vera", "--shared").out
    )
    fink_ad("reviewers", "change", "vera", "--personal")
    refused = fink_ad("reviewers", "link", "vera")
    assert (refused.code, refused.out) == (1, "")
    assert "'vera' is retired and may not label; fink-ad reviewers add" in refused.err
    assert fink_ad("reviewers", "add", "vera").code == 0
    assert fink_ad("reviewers", "list", "--json").json[0]["active"]


def test_who_answered_and_goes_leaves_the_answers(fink_ad, answered):
    before = fink_ad("reviewers", "list", "--json").json
    count = next(one["answers"] for one in before if one["name"] == "vera")
    assert count
    told = fink_ad("reviewers", "remove", "vera").out
    assert f"vera may answer no longer; what they answered stays ({count})" in told
    after = fink_ad("reviewers", "list", "--json").json
    assert [one["answers"] for one in after] == [one["answers"] for one in before]
    assert max(map(len, fink_ad("reviewers", "list").out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("add", "shared "), 2, "everybody's model"),
        (("remove", "uwe"), 1, "no reviewer 'uwe'"),
        (("change", "uwe", "--personal"), 1, "no reviewer 'uwe'"),
        (("change", "uwe"), 2, "nothing to change"),
        (("add", " "), 2, "is no name"),
        (("add", "a\x1b[2J"), 2, "is no name"),
        (("add", "x" * 101), 2, "is no name"),
        (("add", "Shared"), 2, "everybody's model"),
        (("add", "=cmd"), 2, "begins like a formula"),
        (("add", "uwe", "--role", "king"), 2, "king"),
    ],
)
def test_reviewers_that_make_no_sense_are_refused(fink_ad, arguments, code, told):
    done = fink_ad("reviewers", *arguments)
    assert done.code == code
    assert told in done.err


def test_answers_are_listed_latest_first(fink_ad, answered):
    told = fink_ad("labels", "list").out
    assert told.index("bogus") < told.index("anomaly")
    assert "[red]SN" in told
    assert "\x1b" not in told
    rows = fink_ad("labels", "list", "--reviewer", "vera", "--json").json
    assert [row["answer"] for row in rows] == ["bogus", "anomaly"]
    assert all(isinstance(row["alert_id"], str) for row in rows)
    only = fink_ad("labels", "list", "--object", rows[0]["object_id"], "--json").json
    assert only == rows[:1]
    assert "no reviewer 'uwe'" in fink_ad("labels", "list", "--reviewer", "uwe").err
    assert "No answers" in fink_ad("labels", "list", "--survey", "lsst").out


def test_an_answer_is_taken_back(fink_ad, answered):
    first = fink_ad("labels", "list", "--json").json[-1]
    assert "bogus taken back" in fink_ad("labels", "undo", "--reviewer", "vera").out
    assert "anomaly taken back" in fink_ad("labels", "undo", "--reviewer", "vera", first["id"]).out
    assert "taken back" in fink_ad("labels", "list").out
    nothing = fink_ad("labels", "undo", "--reviewer", "vera")
    assert nothing.code == 1
    assert "no answer to take back" in nothing.err
    assert fink_ad("labels", "list").out.count("taken back") == 2


def test_answers_of_the_retired_are_taken_back_too(fink_ad, answered):
    fink_ad("reviewers", "remove", "vera")
    assert "bogus taken back" in fink_ad("labels", "undo", "--reviewer", "vera").out


def test_a_file_of_any_name_is_imported_and_says_when_it_teaches(fink_ad, answered, tmp_path):
    known = fink_ad("labels", "list", "--json").json[0]["object_id"]
    source = tmp_path / "my labels (1).csv"
    source.write_text(f"objectId,label,user\n{known},anomaly,vera\n")
    told = fink_ad("labels", "import", source)
    assert "once they are trusted: fink-ad labels trust my-labels-1" in told.out
    nameless = source.rename(tmp_path / "\u5e74.csv")
    assert "with --name" in fink_ad("labels", "import", nameless).err


def test_answers_go_out_and_come_in(fink_ad, answered, tmp_path):
    out = tmp_path / "labels.csv"
    assert "2 answers" in fink_ad("labels", "export", "--out", out).out
    known = fink_ad("labels", "list", "--json").json[0]["object_id"]
    source = tmp_path / "old.csv"
    source.write_text(f"objectId,tag,user\n{known},True,old[/]\nZTF00nowhere,True,old[/]\n")
    report = tmp_path / "report.csv"
    arguments = ("labels", "import", source, "--answer-column", "tag", "--map", "True=anomaly")
    refused = fink_ad(*arguments)
    assert refused.code == 1
    assert "no reviewer 'old[/]'" in refused.err
    done = fink_ad(*arguments, "--create-reviewers", "--report", report)
    assert "2 rows: 1 stored, 0 known already, 1 refused" in done.out
    with report.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["line"], "is kept" in row["reason"]) == ("3", True)
    again = fink_ad(*arguments, "--create-reviewers", "--json")
    assert (again.json["stored"], again.json["known"]) == (0, 1)
    assert again.json["refused"][0]["line"] == 3
    shown = fink_ad(*arguments)
    assert "line 3: no alert of object 'ZTF00nowhere'" in shown.err
    assert not fink_ad("labels", "imports", "--json").json[0]["trusted_at"]
    unasked = fink_ad("labels", "trust", "old")
    assert unasked.code == 2
    assert "will teach the ranking at once" in unasked.err
    assert not fink_ad("labels", "imports", "--json").json[0]["trusted_at"]
    assert "1 answers are trusted" in fink_ad("labels", "trust", "old", "--yes").out
    assert fink_ad("labels", "imports", "--json").json[0]["trusted_at"]
    assert "1 answers neither teach nor judge" in fink_ad("labels", "distrust", "old").out
    told = fink_ad("labels", "imports", "--json").json[0]
    assert told["distrusted_at"]
    assert not told["trusted_at"]
    assert "no, 20" in fink_ad("labels", "imports").out
    assert "imported as 'new'" in fink_ad("labels", "trust", "new").err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("import", "absent.csv"), "cannot read absent.csv"),
        (("import", "absent.csv", "--map", "x"), "write it as WRITTEN=ANSWER"),
        (("import", "absent.csv", "--map", "x=y"), "cannot mean 'y'"),
        (("export", "--out", "labels.xlsx"), "name it .parquet or .csv"),
        (("undo",), "--reviewer"),
    ],
)
def test_what_makes_no_sense_is_refused(fink_ad, arguments, told):
    done = fink_ad("labels", *arguments)
    assert done.code in (1, 2)
    assert told in done.err
