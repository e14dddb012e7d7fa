import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from fink_ad.cli import app
from fink_ad.errors import ModelError
from fink_ad.forest.evaluation import CONTESTANTS, LabelledTable, Settings, benchmark, replay
from fink_ad.forest.evaluation.benchmark import strata
from fink_ad.forest.evaluation.report import markdown, write_report


@pytest.fixture(scope="module")
def table():
    """Two kinds of wanted rows at the edges of column 1; the edges of column 0 are not wanted."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(400, 5))
    values[:30, 0] += 9.0
    values[30:40, 1] += 7.0
    values[40:50, 1] -= 7.0
    values[::17, 4] = np.nan
    classes = np.array([""] * 30 + ["high"] * 10 + ["low"] * 10 + [""] * 350)
    return LabelledTable("small", tuple("abcde"), values, classes != "", classes)


def search(name, table, **more):
    given = {"n_queries": 30, "batch": 1, "wrong_share": 0.0, "seed": 0, "parameters": {}} | more
    return replay(CONTESTANTS[name], table, **given)


class TestReplay:
    @pytest.mark.parametrize("name", sorted(CONTESTANTS))
    @pytest.mark.parametrize("batch", [1, 7])
    def test_every_contestant_asks_about_each_row_once(self, name, batch, table):
        played = search(name, table, batch=batch)
        assert len(set(played.asked.tolist())) == 30
        assert len(played.step_ms) == -(-30 // batch)
        assert played.found[-1] == table.is_anomaly[played.asked].sum()

    @pytest.mark.parametrize("name", ["aad", "pine", "ours"])
    def test_who_learns_finds_more_than_who_does_not(self, name, table):
        assert search(name, table).found[-1] > search("static", table).found[-1]
        assert search("static", table).found[-1] > search("random", table).found[-1]

    def test_it_is_the_same_again(self, table):
        first, again = (search("ours", table, wrong_share=0.2, batch=3) for _ in range(2))
        assert first.asked.tolist() == again.asked.tolist()

    def test_wrong_answers_hurt_and_finds_stay_true(self, table):
        right, wrong = (search("ours", table, wrong_share=share) for share in (0.0, 0.5))
        assert wrong.found[-1] < right.found[-1]
        assert wrong.found[-1] == table.is_anomaly[wrong.asked].sum()

    def test_kinds_are_counted_when_first_found(self, table):
        played = search("ours", table)
        kinds = [len(set(table.classes[played.asked[:n]]) - {""}) for n in range(1, 31)]
        assert played.classes.tolist() == kinds
        assert kinds[-1] == 2

    def test_more_questions_than_rows(self, table):
        few = table.rows(np.arange(25, 45))
        assert len(search("ours", few, n_queries=60, batch=8).asked) == 20


class TestTables:
    def test_npz_csv_and_parquet_say_the_same(self, table, tmp_path):
        frame = pd.DataFrame(table.values, columns=list(table.columns))
        frame["y"], frame["cls"] = table.is_anomaly.astype(int), table.classes
        frame.to_csv(tmp_path / "t.csv", index=False)
        frame.to_parquet(tmp_path / "t.parquet")
        np.savez(
            tmp_path / "t.npz",
            X=table.values,
            y=table.is_anomaly,
            cls=table.classes,
            names=np.array(table.columns),
        )
        for suffix in ("csv", "parquet", "npz"):
            read = LabelledTable.read(tmp_path / f"t.{suffix}")
            assert read.columns == table.columns
            np.testing.assert_allclose(read.values, table.values, rtol=1e-15)
            assert read.is_anomaly.tolist() == table.is_anomaly.tolist()
            assert set(read.classes[read.is_anomaly]) == {"high", "low"}

    @pytest.mark.parametrize(
        ("arrays", "message"),
        [
            ({"X": np.zeros((3, 2))}, "no array 'y'; it has X"),
            ({"X": np.zeros((3, 2)), "y": np.array([0, 1, 2])}, "must be 1 for an anomaly"),
            ({"X": np.zeros((3, 2)), "y": np.zeros(2)}, "3 rows and 2 labels"),
            ({"X": np.array([["a"], ["b"]]), "y": np.zeros(2)}, "cannot read the table"),
            ({"X": np.array([{}, {}]), "y": np.zeros(2)}, "cannot read the table"),
        ],
    )
    def test_impossible_tables_are_refused(self, arrays, message, tmp_path):
        np.savez(tmp_path / "bad.npz", **arrays)
        with pytest.raises(ModelError, match=message):
            LabelledTable.read(tmp_path / "bad.npz")

    def test_what_is_no_table_is_refused(self, tmp_path):
        (tmp_path / "t.npz").write_bytes(b"no zip")
        (tmp_path / "t.csv").write_text("a,b\n1,2\n")
        for name, message in (
            ("t.npz", "cannot read"),
            ("t.csv", "no column 'y'"),
            ("gone.parquet", "cannot read"),
            ("t.txt", "give a .npz"),
        ):
            with pytest.raises(ModelError, match=message):
                LabelledTable.read(tmp_path / name)

    def test_large_tables_are_cut_always_alike(self):
        values = np.arange(12_000.0)[:, None]
        large = LabelledTable("large", ("x",), values, values[:, 0] < 50)
        assert len(large.cut().values) == 5000
        assert large.cut().values.tolist() == large.cut().values.tolist()


class TestComparison:
    def test_strata_keep_like_with_like(self, table):
        counted = LabelledTable(
            "t",
            ("n", "x"),
            np.array([[1, 0], [1, 1], [5, 0], [3, 2], [9, 1], [np.nan, 0], [4, 9]] * 2),
            np.zeros(14, np.bool_),
        )
        parts = strata(counted, "n", (2, 4, 8))
        assert [part.name for part in parts] == [
            "t, n < 2",
            "t, n >= 2",
            "t, n >= 4",
            "t, n >= 8",
            "t, n undefined",
        ]
        assert [len(part.values) for part in parts] == [4, 2, 4, 2, 2]
        with pytest.raises(ModelError, match="no column 'm'; it has n, x"):
            strata(counted, "m", (2,))

    def test_the_confound_sees_only_its_columns(self, table):
        settings = Settings(("ours",), 30, 1, 1, confound=("c", "d"))
        result = benchmark(table, settings)
        assert set(result.replays) == {"ours", "confound"}
        assert result.found("ours", 30)[0] > 2 * result.found("confound", 30)[0]

    def test_report(self, table, tmp_path):
        settings = Settings(("static", "ours"), 30, 10, 2)
        results = [benchmark(table, settings)] * 2
        text = markdown(results)
        assert "| table (rows, anomalies) | static | ours |" in text
        total = 2 * results[0].found("ours", 30).mean()
        assert f"| {total:.1f} |" in text
        written, picture = write_report(results, tmp_path / "report.md")
        assert text in written.read_text()
        assert picture.read_bytes().startswith(b"\x89PNG")

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"learners": ("magic",)}, "no learner 'magic'"),
            ({"n_seeds": 0}, "seeds is 0"),
            ({"wrong_share": 0.7}, "0.7"),
        ],
    )
    def test_impossible_settings_are_refused(self, settings, message):
        with pytest.raises(ModelError, match=message):
            Settings(**settings)


class TestCommand:
    @pytest.fixture
    def file(self, table, tmp_path):
        np.savez(tmp_path / "small.npz", X=table.values, y=table.is_anomaly, cls=table.classes)
        return tmp_path / "small.npz"

    def run(self, *arguments):
        return CliRunner().invoke(app, ["benchmark", *map(str, arguments)])

    def test_json(self, file):
        done = self.run(
            file,
            "--learners",
            "static,ours",
            "--queries",
            15,
            "--seeds",
            2,
            "--json",
            "--set",
            "ours.n_trees=30",
        )
        assert done.exit_code == 0, done.output
        form = json.loads(done.stdout)
        assert set(form["learners"]["ours"]["found"]) == {"5", "10", "15"}
        assert form["learners"]["ours"]["found"]["15"]["mean"] > 5
        assert form["learners"]["ours"]["ms_per_step"] > 0

    def test_for_people(self, file):
        done = self.run(file, file, "--learners", "static", "--queries", 6, "--seeds", 1)
        assert done.exit_code == 0, done.output
        assert "total after 6: static" in done.stdout

    def test_strata(self, file):
        done = self.run(
            file, "--learners", "random", "--queries", 6, "--seeds", 1, "--strata", "x0", "--json"
        )
        assert [form["table"] for form in json.loads(done.stdout)] == [
            "small, x0 < 2", "small, x0 >= 2", "small, x0 >= 4", "small, x0 >= 8",
        ]  # fmt: skip

    def test_a_mistaken_setting_shows_the_form(self, file):
        done = self.run(file, "--set", "noise=3")
        assert "LEARNER.NAME=VALUE" in str(done.exception)


class TestUntilHalf:
    @pytest.fixture
    def result(self):
        """Ten rows in plain order of strangeness; two kinds of anomalies, 4 and 2 of them."""
        values = np.linspace(10.0, 1.0, 10)[:, None] ** 3
        classes = np.array(["", "a", "", "a", "b", "a", "", "", "a", "b"])
        table = LabelledTable("t", ("x",), values, classes != "", classes)
        return table, search("static", table, n_queries=10)

    def test_it_is_the_question_that_brought_the_half(self, result):
        table, played = result
        kinds = table.classes[played.asked].tolist()
        for kind, half in (("a", 2), ("b", 1)):
            asked = played.until_half[kind]
            assert kinds[:asked].count(kind) == half
            assert kinds[asked - 1] == kind
        assert np.isin(kinds[: played.until_half[""]], ["a", "b"]).sum() == 3

    def test_kinds_that_were_not_found_are_left_out(self, table):
        played = search("static", table, n_queries=3)
        assert "high" not in played.until_half
        result = benchmark(table, Settings(("static",), 3, 1, 2))
        assert np.isnan(result.until_half("static", "high")).all()
        form = result.to_json()["learners"]["static"]["questions_until_half"]
        assert form["high"] == {"mean": None, "seeds_without": 2}
        assert "| high | > 3 (0) |" in markdown([result])

    def test_report(self, table):
        result = benchmark(table, Settings(("ours",), 40, 1, 2))
        mean = result.until_half("ours").mean()
        assert result.to_json()["learners"]["ours"]["questions_until_half"]["all"]["mean"] == mean
        assert result.until_half_of_kinds("ours").tolist() == [
            np.argmax(played.classes >= 1) + 1 for played in result.replays["ours"]
        ]
        assert f"| all anomalies | {mean:.0f} (" in markdown([result])
        assert "the 2 kinds, one of each" in markdown([result])


class TestGroups:
    def test_they_come_from_the_file_and_follow_their_columns(self, table, tmp_path):
        values = table.values.copy()
        values[:, 1] = np.nan  # not usable
        groups = np.array(["a", "b", "b", "c", "c"])
        np.savez(tmp_path / "t.npz", X=values, y=table.is_anomaly, groups=groups)
        read = LabelledTable.read(tmp_path / "t.npz")
        assert read.prepared()[1] == ["a", "b", "c", "c"]
        assert read.only(("x3", "x0")).prepared()[1] == ["c", "a"]
        assert read.rows(np.arange(9)).groups == read.groups
        np.savez(tmp_path / "t.npz", X=values, y=table.is_anomaly, groups=groups[:2])
        with pytest.raises(ModelError, match="5 columns and 2 groups"):
            LabelledTable.read(tmp_path / "t.npz")

    def test_contestants_draw_the_group_first(self):
        """One telling column beside thirty that are not."""
        rng = np.random.default_rng(1)
        values = rng.normal(size=(600, 31))
        values[:20, 0] += 4.0
        groups = ("one", *["many"] * 30)
        plain = LabelledTable("t", tuple(map(str, range(31))), values, np.arange(600) < 20)
        grouped = LabelledTable("t", plain.columns, values, plain.is_anomaly, None, groups)
        for name in ("static", "aad", "pine"):
            found = [search(name, t, n_queries=20).found[-1] for t in (plain, grouped)]
            assert found[1] > found[0]
