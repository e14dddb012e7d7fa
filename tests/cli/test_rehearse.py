"""`fink-ad rehearse` and `fink-ad demo`: what they print, and what they refuse."""

from pathlib import Path

import pytest

from .conftest import FinkAd

SMALL = ("--nights", 2, "--objects", 300, "--inject", "slow_riser=12", "--per-night", 5)


def test_a_season_is_played_printed_and_drawn(fink_ad: FinkAd, home: Path) -> None:
    more = ("--oracle", "errs=0.1", "--compare", "--batch", 5, "--retrain")
    told = fink_ad("rehearse", *SMALL, *more)
    assert told.code == 0
    lines = told.out.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["20260130", "20260131"]
    assert "of 12 planted anomalies found in 10 answers" in told.out
    assert "retrained after 20260131: not enough evidence: 10 trusted answers" in told.out
    assert "by the control" in told.out.replace("\n", " ")
    assert max(map(len, lines)) <= 80 or "rehearsal.png" in max(lines, key=len)
    assert (home / "rehearsal" / "rehearsal.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in home.iterdir()] == ["rehearsal"]


def test_json_stands_alone_and_the_same_seed_gives_the_same(
    fink_ad: FinkAd, tmp_path: Path
) -> None:
    found = []
    for folder in ("one", "two"):
        told = fink_ad("rehearse", *SMALL, "--seed", 5, "--json", "--out", tmp_path / folder)
        assert told.code == 0
        found.append(told.json)
        assert Path(found[-1].pop("figure")).is_file()
    assert found[0] == found[1]
    assert found[0]["planted"] == {"slow_riser": 12}
    nights = found[0]["nights"]["learning"]
    assert [len(one["shown"]) for one in nights] == [5, 5]
    assert sum(one["found"].get("slow_riser", 0) for one in nights) == found[0]["found"][
        "learning"
    ].get("slow_riser", 0)


def test_a_season_of_rubin_can_be_played(fink_ad: FinkAd) -> None:
    told = fink_ad("rehearse", *SMALL, "--survey", "lsst", "--json")
    assert told.code == 0
    assert told.json["survey"] == "lsst"
    assert told.json["nights"]["learning"]


def test_a_folder_with_something_in_it_is_left_alone(fink_ad: FinkAd, tmp_path: Path) -> None:
    precious = tmp_path / "mine" / "thesis.tex"
    precious.parent.mkdir()
    precious.write_text("all of it")
    told = fink_ad("rehearse", *SMALL, "--out", precious.parent)
    assert (told.code, precious.read_text()) == (2, "all of it")
    assert f"{precious.parent} is not empty" in told.err
    told = fink_ad("rehearse", *SMALL, "--out", precious)
    assert told.code == 2
    assert f"cannot work in {precious}" in told.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--oracle", "errs=2"), "no oracle with errs=2"),
        (("--oracle", "sleepy"), "'sleepy' describes no oracle"),
        (("--inject", "unicorn=3"), "no class 'unicorn'"),
        (("--night", 20261301), "20261301 is not a date"),
        (("--survey", "sdss"), "sdss"),
        (("--learner", "static"), "static"),
        (("--nights", 0), "--nights"),
    ],
)
def test_what_cannot_be_played_is_refused(
    fink_ad: FinkAd, home: Path, arguments: tuple[object, ...], words: str
) -> None:
    told = fink_ad("rehearse", *arguments)
    assert (told.code, told.out) == (2, "")
    assert words in told.err


def test_the_demo_shows_ranks_before_and_after(fink_ad: FinkAd, home: Path) -> None:
    kept = home / "my.txt"
    home.mkdir()
    kept.write_text("stays")
    (home / "demo").mkdir()
    (home / "demo" / "old.txt").write_text("goes")
    told = fink_ad("demo", "--per-night", 20, "--top", 5)
    assert told.code == 0
    assert "3. What is planted climbs, after 40 answers" in told.out
    assert "4. The strangest of" in told.out
    assert "1*" in told.out or "2*" in told.out or "3*" in told.out
    assert "fink-ad run --source files PATH..." in told.out
    assert kept.read_text() == "stays"
    assert not (home / "demo" / "old.txt").exists()
