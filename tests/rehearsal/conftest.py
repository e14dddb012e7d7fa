"""A short season that was played, with settings and truth."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from fink_ad.config import Settings
from fink_ad.rehearsal import NightReport, Oracle, Season, play, rehearsal_settings
from fink_ad.simulate import Night, simulate_night

LAST_NIGHT = 20260302


@dataclass(frozen=True)
class Played:
    simulated: Night
    season: Season
    settings: Settings
    reports: list[NightReport]


def play_season(folder: Path, seed: int = 3, learning: bool = True, errs: float = 0.0) -> Played:
    simulated = simulate_night(
        LAST_NIGHT, n_objects=900, inject={"slow_riser": 20, "r_crb": 10}, seed=seed, nights=2
    )
    season = Season.write(folder / "packets", [simulated])
    settings = rehearsal_settings(Settings(), folder / "home")
    oracle = Oracle.of(simulated.truth, errs, seed=seed)
    return Played(
        simulated, season, settings, list(play(season, oracle, settings, 20, learning=learning))
    )


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Two nights, 20 objects shown in each; do not touch."""
    return play_season(tmp_path_factory.mktemp("played"))
