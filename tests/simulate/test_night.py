"""What packets of a night look like, and what the truth says of them."""

import dataclasses
import io
import json

import fastavro
import numpy as np
import pytest

from fink_ad.errors import ConfigError, SourceError
from fink_ad.simulate import CLASSES, DEFAULT_INJECT, parse_counts, simulate_night
from fink_ad.simulate.camera import measure
from fink_ad.simulate.keyed import Draws, mix
from fink_ad.simulate.schedule import Schedule, night_to_mjd
from fink_ad.simulate.sources import Sources
from fink_ad.simulate.survey import ZTF


@pytest.fixture(scope="module")
def records(night):
    return night.records()


def test_same_seed_same_bytes_and_another_seed_others(night):
    again = simulate_night(20260301, seed=5)
    assert again.bodies == night.bodies
    assert again.sync == night.sync
    assert again.truth.equals(night.truth)
    other = simulate_night(20260301, seed=6)
    assert not set(other.truth["object_id"]) & set(night.truth["object_id"])


def test_truth_names_every_alert_once(night, records):
    told = [alert for ids in night.truth["alert_ids"] for alert in ids]
    assert sorted(told) == sorted(record["candid"] for record in records)
    assert len(set(told)) == len(told) == len(night)
    owner = {
        alert: object_id
        for object_id, ids in zip(night.truth["object_id"], night.truth["alert_ids"], strict=True)
        for alert in ids
    }
    assert all(owner[record["candid"]] == record["objectId"] for record in records)
    assert night.truth["object_id"].str.fullmatch(r"ZTF(1[89]|2[0-6])[a-z]{7}").all()
    assert night.truth["object_id"].is_unique
    for text in night.truth["parameters"]:
        assert json.loads(text)


def test_class_counts_are_what_was_asked_for(night):
    counts = night.truth["class"].value_counts()
    assert counts.sum() == 600 + sum(DEFAULT_INJECT.values())
    assert all(counts[name] == number for name, number in DEFAULT_INJECT.items())
    assert set(counts.index) == set(CLASSES)
    anomalous = set(night.truth.loc[night.truth["anomaly"], "class"])
    assert anomalous == set(DEFAULT_INJECT)
    few = simulate_night(20260301, rates={"rr_lyrae": 7}, inject={"kilonova": 2, "rr_lyrae": 1})
    assert few.truth["class"].value_counts().to_dict() == {"rr_lyrae": 8, "kilonova": 2}


def test_packets_are_containers_of_one_record(night, records):
    packet = next(night.packets())
    assert list(fastavro.reader(io.BytesIO(packet))) == records[:1]


def test_alerts_are_detections_of_the_night_in_order(records):
    jd = np.array([record["candidate"]["jd"] for record in records])
    assert (np.diff(jd) >= 0).all()
    start = night_to_mjd(20260301) + 2400000.5
    assert ((jd > start) & (jd < start + 1)).all()
    for record in records:
        candidate = record["candidate"]
        assert candidate["sigmapsf"] <= 1.0857 / 5 + 1e-4
        assert candidate["candid"] == record["candid"] > 2**53
        assert candidate["candid"] // 10**6 == candidate["pid"]
        time = 2457754.5 + candidate["pid"] // 10**9 + candidate["pid"] // 10**3 % 10**6 * 1e-6
        assert time == pytest.approx(candidate["jd"], abs=2 / 86400)
        assert candidate["nid"] == candidate["pid"] // 10**9
        assert candidate["rcid"] == candidate["pid"] // 100 % 100


def test_history_reaches_back_thirty_days_and_not_to_the_alert(records):
    lengths = []
    for record in records:
        history = record["prv_candidates"]
        if history is None:
            continue
        jd = np.array([point["jd"] for point in history])
        assert (np.diff(jd) > 0).all()
        assert (jd < record["candidate"]["jd"]).all()
        assert (jd >= record["candidate"]["jd"] - 30).all()
        lengths.append(len(history))
    assert np.median(lengths) > 15
    points = [p for record in records for p in record["prv_candidates"] or ()]
    limits = [point for point in points if point["magpsf"] is None]
    assert 0.1 < len(limits) / len(points) < 0.9
    for point in limits[:200]:
        assert point["candid"] is None
        assert point["isdiffpos"] is None
        assert 17 < point["diffmaglim"] < 22
    ids = [(point["jd"], point["candid"]) for point in points if point["candid"] is not None]
    assert len({candid for _, candid in ids}) == len(set(ids))


def test_counts_of_the_object_cover_its_history(records):
    for record in records:
        candidate, history = record["candidate"], record["prv_candidates"] or []
        detected = [point["jd"] for point in history if point["magpsf"] is not None]
        assert candidate["ndethist"] >= len(detected) + 1
        assert candidate["ncovhist"] >= max(candidate["ndethist"], len(history) + 1)
        assert candidate["jdstarthist"] <= min([*detected, candidate["jd"]])


def test_an_object_seen_in_both_bands_gives_two_alerts(night, records):
    bands = {}
    for record in records:
        bands.setdefault(record["objectId"], []).append(record["candidate"]["fid"])
    assert sum(sorted(fids) == [1, 2] for fids in bands.values()) > 0.3 * len(bands)
    assert 2 <= max(map(len, bands.values())) <= 3


def test_real_and_bogus_overlap(night, records):
    bogus_ids = set(night.truth.loc[night.truth["class"] == "bogus", "object_id"])
    is_bogus = np.array([record["objectId"] in bogus_ids for record in records])
    for score in ("rb", "drb"):
        values = np.array([record["candidate"][score] for record in records])
        assert ((values >= 0) & (values <= 1)).all()
        assert np.median(values[is_bogus]) + 0.3 < np.median(values[~is_bogus])
        assert values[is_bogus].max() > np.quantile(values[~is_bogus], 0.1)


def test_variable_stars_sit_on_their_reference_and_dips_are_negative(night, records):
    kind = dict(zip(night.truth["object_id"], night.truth["class"], strict=True))
    near = [r["candidate"]["distnr"] for r in records if kind[r["objectId"]] == "rr_lyrae"]
    assert np.quantile(near, 0.95) < 1.5
    signs = {r["candidate"]["isdiffpos"] for r in records if kind[r["objectId"]] == "r_crb"}
    assert signs == {"f"}
    bodies = [r["candidate"] for r in records if kind[r["objectId"]] == "asteroid"]
    assert all(0 <= body["ssdistnr"] < 5 and body["ssnamenr"] != "null" for body in bodies)


def test_several_nights_share_their_objects():
    nights = simulate_night(20260302, n_objects=150, nights=4, seed=1)
    assert set(nights.night.tolist()) == {20260227, 20260228, 20260301, 20260302}
    object_nights = {}
    for record, night in zip(nights.records(), nights.night.tolist(), strict=True):
        object_nights.setdefault(record["objectId"], set()).add(night)
    assert sum(len(seen) > 1 for seen in object_nights.values()) > 30


def test_efficiency_falls_to_half_at_the_limit():
    schedule = Schedule.draw(ZTF, 3, 61090, 61100)
    field = np.resize(np.flatnonzero(schedule.visits.observed.sum(axis=1) > 5), 3000)
    visits = schedule.visits.at(field)
    offsets = np.linspace(-2, 1, 3000)
    nothing = np.full((3000, 6), np.inf)
    none = np.full(3000, np.inf)
    sources = Sources(
        lambda visits: 10 ** (0.4 * (31.4 - (visits.limit_mag + offsets[:, None]))),
        *(nothing, none, none, none, none),
    )
    draws = Draws(mix(np.full(3000, 1, np.uint64), np.arange(3000)))
    measured = measure(ZTF, draws, sources, visits, np.zeros(3000))
    assert not (measured.detected & ~visits.observed).any()
    seen = measured.detected.sum(axis=1) / visits.observed.sum(axis=1)
    assert seen[offsets < -1].mean() > 0.95
    assert 0.1 < seen[np.abs(offsets) < 0.1].mean() < 0.5
    assert seen[offsets > 0.7].mean() < 0.01


def test_errors_are_honest_and_shared_in_a_visit():
    schedule = Schedule.draw(ZTF, 3, 61090, 61100)
    field = np.flatnonzero(schedule.visits.observed.sum(axis=1) > 5)[0]
    visits = schedule.visits.at(np.full(4000, field))
    flux = 10 ** (0.4 * (31.4 - 16.0))  # bright: the zero point shows
    nothing, none = np.full((4000, 6), np.inf), np.full(4000, np.inf)
    faint = np.arange(4000) < 2000
    true = np.where(faint, 0.0, flux)[:, None]
    sources = Sources(
        lambda visits: np.broadcast_to(true, visits.mjd.shape), nothing, none, none, none, none
    )
    draws = Draws(mix(np.full(4000, 1, np.uint64), np.arange(4000)))
    measured = measure(ZTF, draws, sources, visits, np.zeros(4000))
    pull = ((measured.flux_njy - true) / measured.flux_err_njy)[:, visits.observed[0]]
    assert pull[faint].std() == pytest.approx(1, abs=0.03)
    # All sources of a visit are off by its zero point together, half of their error bars.
    by_visit = pull[~faint].mean(axis=0)
    assert by_visit.std() > 0.3
    gain = 10 ** (0.4 * visits.zero_point_mag[0, visits.observed[0]]) - 1
    assert np.corrcoef(by_visit, gain)[0, 1] > 0.99


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"night": 20261301}, "20261301"),
        ({"rates": {"quasar": 3}}, "'quasar'"),
        ({"inject": {"agn": -1}}, "-1"),
        ({"n_objects": -5}, "-5"),
        ({"n_objects": 0, "inject": {}}, "zero"),
        ({"nights": 0}, "nights=0"),
        ({"seed": -1}, "seed=-1"),
        ({"survey": "des"}, "'des'"),
        ({"n_objects": 5, "stamps": "some"}, "'some'"),
        ({"n_objects": 5, "stamps": "pool", "n_stamped": -2}, "-2"),
    ],
)
def test_bad_options_are_named(options, told):
    with pytest.raises(ConfigError, match=told):
        simulate_night(**{"night": 20260301, **options})


def test_numbers_of_objects_are_read_from_text():
    assert parse_counts(["kilonova=3", "r_crb=0", "kilonova=2"]) == {"kilonova": 5, "r_crb": 0}
    for text in ("kilonova", "kilonova=", "=3", "kilonova=-1", "kilonova=1.5", "kilonova=²"):
        with pytest.raises(ConfigError, match="class=number"):
            parse_counts([text])


def test_a_class_that_never_gives_an_alert_is_an_error(monkeypatch):
    agn = CLASSES["agn"]

    def draw(draws, survey, event_mjd):
        bright = agn.draw(draws, survey, event_mjd)
        return dataclasses.replace(bright, flux=lambda visits: np.zeros(visits.mjd.shape))

    monkeypatch.setitem(CLASSES, "agn", dataclasses.replace(agn, draw=draw))
    with pytest.raises(SourceError, match="no object of class 'agn'"):
        simulate_night(20260301, rates={"agn": 3}, inject={})
