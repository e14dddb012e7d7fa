"""Nights on disk, and the small nights the project carries in data/."""

import math
import re
from pathlib import Path

import fastavro
import pytest

from fink_ad.errors import SourceError
from fink_ad.simulate import read_truth, simulate_night, write_night

DATA = Path(__file__).parents[2] / "data"


def read(path):
    with path.open("rb") as file:
        return list(fastavro.reader(file))


def test_files_hold_the_night_and_its_truth(tmp_path):
    night = simulate_night(20260301, n_objects=30, nights=2, seed=3)
    written = write_night(tmp_path / "new", night)
    names = [path.name for path in written.alerts]
    assert names == ["ztf_night_20260228.avro", "ztf_night_20260301.avro"]
    assert [record for path in written.alerts for record in read(path)] == night.records()
    truth = read_truth(written.truth)
    assert truth["alert_ids"].tolist() == night.truth["alert_ids"].tolist()
    assert truth["parameters"].tolist() == night.truth["parameters"].tolist()
    assert list(truth.columns) == list(night.truth.columns)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(
        [*names, written.truth.name]
    )


def test_same_seed_same_files(tmp_path):
    written = [
        write_night(
            tmp_path / run,
            simulate_night(20260301, n_objects=30, seed=3, stamps="pool"),
            codec="deflate",
        )
        for run in ("first", "second")
    ]
    for one, other in zip(written[0].alerts, written[1].alerts, strict=True):
        assert one.read_bytes() == other.read_bytes()
    assert written[0].truth.read_bytes() == written[1].truth.read_bytes()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SourceError, match="file/sub"):
        write_night(tmp_path / "file" / "sub", simulate_night(20260301, n_objects=3, inject={}))


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "object_id,alert_ids,class\nx,,y\n"])
def test_a_table_that_is_no_truth_is_named(tmp_path, text):
    path = tmp_path / "truth.csv"
    path.write_text(text)
    with pytest.raises(SourceError, match=r"truth\.csv is no truth table"):
        read_truth(path)


def test_the_recipe_of_the_small_nights_reproduces_them(tmp_path, monkeypatch):
    recipe = re.search(r"```python\n(.*?)```", (DATA / "README.md").read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(recipe[1], {})  # noqa: S102 - our own README
    made = tmp_path / "data"
    for survey, n_stamped in (("ztf", 10), ("lsst", 5)):
        night, truth = f"{survey}_night_20260301.avro", f"{survey}_night_20260301_truth.csv"
        assert (made / truth).read_text() == (DATA / truth).read_text()
        ours, theirs = read(made / night), read(DATA / night)
        assert [close(a, b) for a, b in zip(ours, theirs, strict=True)].count(False) == 0
        assert (DATA / night).stat().st_size < 2_000_000
        stamped = [record for record in theirs if record["cutoutScience"] is not None]
        assert len(stamped) == n_stamped


def close(one, other):
    """Compare records; floats and stamps may differ in the last digit between processors."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(close, one, other))
    if isinstance(one, float):
        return math.isclose(one, other, rel_tol=1e-5, abs_tol=1e-9)
    return isinstance(one, bytes) or one == other
