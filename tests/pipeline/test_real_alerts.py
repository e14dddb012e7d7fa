"""The real packets of both surveys, from their files to candidates."""

import pytest

from fink_ad.store.records import KeptFor

pytestmark = pytest.mark.real_data

SOURCES = {
    "broker's ZTF packets": ("ztf/packets", 279),
    "ZTF packets as sent": ("ztf/raw_packets", 25),
    "enriched ZTF container": ("ztf/ztf_20260322_31_prod_8scores.avro", 31),
    "ZTF Parquet with matches": ("ztf/ztf_20211122_67_simbad_tns_vsx.parquet", 67),
    "ZTF Parquet, hostless": ("ztf/ztf_2024_hostless_72.parquet", 72),
    "one object again and again": ("ztf/ztf_2020_tde_ZTF20abfcszi_21.parquet", 21),
    "LSST container, long": ("lsst/lsst_20260304_7_long_prod.avro", 7),
    "LSST Parquet": ("lsst/lsst_v10_0_27_prod.parquet", 27),
    "LSST of an older schema": ("lsst/lsst_or4_v7_1_50_sim.parquet", 50),
}


@pytest.mark.parametrize(("name", "n_alerts"), SOURCES.values(), ids=SOURCES.keys())
def test_every_packet_of_a_file_is_accounted_for(home, real_data, name, n_alerts):
    summary = home.run(real_data / name)
    assert summary.n_in == n_alerts
    assert summary.adds_up
    assert not summary.n_dead_letter
    assert summary.n_scored > 0
    assert home.run(real_data / name).n_in == 0


def test_all_files_in_one_run_keep_surveys_and_populations_apart(home, real_data):
    paths = [real_data / name for name, _ in SOURCES.values()]
    summary = home.run(*paths, batch_size=50)
    assert summary.n_in == sum(n_alerts for _, n_alerts in SOURCES.values())
    assert summary.adds_up
    assert {"ztf/transient", "lsst/transient", "lsst/solar_system"} <= set(summary.models)
    by_survey = {}
    with home.store() as store:
        for key in summary.models:
            survey, population = key.split("/")
            views = store.candidates(top=None, survey=survey, population=population)
            assert {view.model_revision for view in views} <= {summary.models[key]}
            by_survey[key] = len(views)
            kept = store.kept(survey, [view.alert_id for view in views])
            assert all(record.kept_for & KeptFor.CANDIDATE for record in kept)
            assert len(kept) == len(views)
    assert by_survey["ztf/transient"] > 0
    before = home.contents()
    assert home.run(*paths).n_in == 0
    assert home.contents() == before


def test_candidates_of_real_packets_keep_their_stamps(home, real_data):
    from fink_ad.store import unpack_stamps

    home.run(real_data / "ztf" / "packets")
    with home.store() as store:
        (first, *_) = store.candidates(top=1)
        (record,) = store.kept("ztf", [first.alert_id])
    assert record.stamps is not None
    stamps = unpack_stamps(record.stamps)
    assert len(stamps) == 3
