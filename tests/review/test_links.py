"""Links: the right place, the right radius, and nothing of a stranger's text in a URL."""

from urllib.parse import parse_qs, urlsplit

import pytest

from fink_ad.review.links import links_of


def by_name(*asked):
    return {link.name: link for link in links_of(*asked)}


def test_all_pages_look_at_the_same_place():
    found = by_name("ztf", "ZTF21abcdefg", 10.5, -20.25)
    assert list(found) == ["Fink", "TNS", "SIMBAD", "NED", "VizieR", "Aladin", "SNAD"]
    assert found["Fink"].url == "https://ztf.fink-portal.org/ZTF21abcdefg"
    tns = parse_qs(urlsplit(found["TNS"].url).query)
    assert (float(tns["ra"][0]), float(tns["decl"][0])) == (10.5, -20.25)
    assert tns["coords_unit"] == ["arcsec"]
    assert float(tns["radius"][0]) == found["TNS"].radius_arcsec
    ned = parse_qs(urlsplit(found["NED"].url).query)
    assert float(ned["radius"][0]) * 60 == found["NED"].radius_arcsec
    assert ned["dec"] == ["-20.250000d"]
    for name, key in (("SIMBAD", "Coord"), ("VizieR", "-c"), ("Aladin", "target")):
        query = parse_qs(urlsplit(found[name].url).query)
        assert [float(one) for one in query[key][0].split()] == [10.5, -20.25]
    assert found["SNAD"].url.endswith("/10.500000%20-20.250000/5")


def test_rubin_objects_have_their_own_portal():
    found = by_name("lsst", "170028495429607424", 150.0, -60.0)
    assert found["Fink"].url == "https://lsst.fink-portal.org/170028495429607424"
    assert "SNAD" not in found


@pytest.mark.parametrize(
    ("survey", "object_id"),
    [
        ("ztf", "ZTF21abcdefg/../../evil"),
        ("ztf", "javascript:alert(1)"),
        ("ztf", "ZTF21ABCDEFG"),
        ("ztf", "170028495429607424"),
        ("lsst", "ZTF21abcdefg"),
        ("lsst", "\uff11\uff12"),
        ("lsst", "diaSource:123"),
        ("elasticc", "123"),
        ("", ""),
    ],
)
def test_an_id_of_another_form_is_not_linked(survey, object_id):
    assert "Fink" not in by_name(survey, object_id, 10.0, 10.0)


@pytest.mark.parametrize("place", [(float("nan"), 0.0), (0.0, float("nan")), (400, 0), (0, -91)])
def test_without_a_place_only_the_object_is_linked(place):
    assert list(by_name("ztf", "ZTF21abcdefg", *place)) == ["Fink"]
    assert links_of("elasticc", "1", *place) == ()
