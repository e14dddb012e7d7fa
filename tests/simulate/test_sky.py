"""One sky, whichever nights are asked for, and in whatever pieces."""

import tracemalloc

import numpy as np
import pytest

from fink_ad.simulate import Sky, simulate_night, simulate_pieces
from fink_ad.simulate.ids import scrambled
from fink_ad.simulate.keyed import Draws, mix
from fink_ad.simulate.schedule import Fields, Schedule, night_to_mjd
from fink_ad.simulate.survey import LSST, ZTF

RATES = {"rr_lyrae": 40, "dwarf_nova": 20, "supernova_ia": 20, "asteroid": 10, "bogus": 10}
SKY = Sky(5, rates=RATES, inject={"kilonova": 3})


@pytest.fixture(scope="module")
def season():
    """Each night on its own."""
    return {night: SKY.night(night) for night in (20260301, 20260302, 20260303, 20260305)}


def test_nights_together_are_the_nights_alone(season):
    together = list(SKY.pieces(20260303, nights=3))
    ids = {one for piece in together for alerts in piece.truth["alert_ids"] for one in alerts}
    alone = [season[night] for night in (20260301, 20260302, 20260303)]
    assert ids == {one for night in alone for alerts in night.truth["alert_ids"] for one in alerts}
    assert sum(map(len, together)) == sum(map(len, alone))


def test_histories_hold_what_earlier_nights_sent(season):
    sent = {}
    for night in (20260301, 20260302, 20260303):
        for record in season[night].records():
            sent[record["candid"]] = (record["objectId"], record["candidate"])
    seen = 0
    start = night_to_mjd(20260301) + 2400000.5
    for record in season[20260305].records():
        for point in record["prv_candidates"] or ():
            if point["jd"] < start or point["candid"] is None or point["jd"] > start + 3:
                continue
            name, candidate = sent[point["candid"]]
            assert name == record["objectId"]
            for field in ("jd", "magpsf", "sigmapsf", "ra", "dec", "rb", "fwhm", "distnr"):
                assert point[field] == pytest.approx(candidate[field], rel=1e-6)
            seen += 1
    assert seen > 20


def test_objects_return_and_fade(season):
    names = [set(night.truth["object_id"]) for night in season.values()]
    assert len(names[0] & names[2]) > 20
    assert names[0] - names[2]
    stable = season[20260301].truth.set_index("object_id")["class"]
    later = season[20260303].truth.set_index("object_id")["class"]
    both = stable.index.intersection(later.index)
    assert (stable[both] == later[both]).all()


def test_numbers_of_a_night_scatter_around_what_was_asked():
    counts = [
        SKY.night(night).truth["class"].value_counts()
        for night in (20260310, 20260401, 20260501, 20260601, 20260701, 20260801)
    ]
    for name, asked in RATES.items():
        found = np.mean([one.get(name, 0) for one in counts])
        assert 0.3 * asked < found < 2.5 * asked


@pytest.mark.slow
def test_pieces_join_to_the_whole_and_do_not_pile_up():
    options = {"n_objects": 4500, "inject": {}, "seed": 1}
    whole = simulate_night(20260301, **options)
    pieces = list(simulate_pieces(20260301, **options))
    assert len(pieces) == 3
    assert sorted(body for piece in pieces for body in piece.bodies) == sorted(whole.bodies)
    assert (np.diff(whole.mjd) >= 0).all()
    peaks = []
    for n_objects in (4000, 8000):
        tracemalloc.start()
        for _ in simulate_pieces(20260301, n_objects=n_objects, inject={}, seed=1):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]


# What the sky stands on


def test_randomness_belongs_to_keys_and_names():
    draws = Draws(mix(np.full(100_000, 3, np.uint64), np.arange(100_000)))
    uniform, other = draws.uniform("a"), draws.uniform("b")
    assert uniform.mean() == pytest.approx(0.5, abs=0.005)
    assert np.corrcoef(uniform, other)[0, 1] == pytest.approx(0, abs=0.01)
    assert np.corrcoef(uniform[1:], uniform[:-1])[0, 1] == pytest.approx(0, abs=0.01)
    assert np.array_equal(Draws(draws.keys[7:9]).uniform("a"), uniform[7:9])
    normal = draws.normal("c", 2.0, 3.0)
    assert (normal.mean(), normal.std()) == pytest.approx((2, 3), abs=0.03)
    assert draws.exponential("d", 2.0).mean() == pytest.approx(2, rel=0.02)
    visits = draws.at(np.arange(3)[None, :])
    assert visits.uniform("a").shape == (100_000, 3)
    assert len(np.unique(visits.keys)) == 300_000


def test_scrambled_serials_never_meet():
    room, step = 26**7, 3_141_592_653
    assert np.gcd(room, step) == 1
    serials = np.random.default_rng(0).choice(2**32, 100_000, replace=False)
    ids = scrambled(serials, 5, step, room)
    assert len(np.unique(ids)) == 100_000
    assert ids.max() < room


def test_fields_tile_the_sky():
    tiles = Fields.tile(6.85)
    rng = np.random.default_rng(0)
    ra, dec = rng.uniform(0, 360, 20_000), np.degrees(np.arcsin(rng.uniform(-1, 1, 20_000)))
    field = tiles.of(ra, dec)
    assert np.abs(tiles.centre_dec_deg[field] - dec).max() <= tiles.side_deg / 2 + 1e-9
    across = (tiles.centre_ra_deg[field] - ra + 180) % 360 - 180
    assert (np.abs(across) * np.cos(np.radians(tiles.centre_dec_deg[field]))).max() < 3.6


@pytest.mark.parametrize(("survey", "spacing"), [(ZTF, 40), (LSST, 39)], ids=["ztf", "lsst"])
def test_exposures_follow_each_other(survey, spacing):
    schedule = Schedule.draw(survey, 2, 61090, 61100)
    visits = schedule.visits
    for night in range(61090, 61101):
        times = np.sort(visits.mjd[visits.observed & (visits.night_mjd == night)])
        steps = np.diff(times) * 86400
        assert (steps > spacing - 1).all()
        if len(times) > 200:
            assert np.median(steps) == pytest.approx(spacing, abs=1)
            hours = (times - night) * 24
            assert survey.night_hours[0] <= hours[0] < hours[-1] < survey.night_hours[1] + 1.6
    declination = schedule.fields.centre_dec_deg[visits.observed.any(axis=1)]
    assert survey.dec_deg[0] < declination.min() < declination.max() < survey.dec_deg[1]


def test_ztf_looks_every_second_night_in_g_and_r():
    visits = Schedule.draw(ZTF, 2, 61070, 61100).visits
    gaps = []
    for row in np.flatnonzero(visits.observed.sum(axis=1) > 20):
        nights = np.unique(visits.night_mjd[row][visits.observed[row]])
        gaps.extend(np.diff(nights))
    assert (np.array(gaps) % 2 == 0).all()
    share = np.bincount(visits.band[visits.observed], minlength=4) / visits.observed.sum()
    assert share[1] == pytest.approx(share[2], abs=0.02)
    assert 0 < share[3] < 0.1


def test_the_moon_costs_depth_most_in_the_blue():
    visits = Schedule.draw(LSST, 2, 61000, 61100).visits
    ok = visits.observed
    dark_and_bright = {}
    for band in (1, 4):
        limit = visits.limit_mag[ok & (visits.band == band)]
        low, high = np.quantile(limit, [0.05, 0.95])
        dark_and_bright[band] = high - low
        assert abs(high - LSST.depths[band]) < 0.6
    assert dark_and_bright[1] > dark_and_bright[4]
