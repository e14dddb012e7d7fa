"""Where else to look: pages about an object, or about its place on the sky.

Built from ids of the survey's own form and from numbers, never from a stranger's text.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple
from urllib.parse import quote, urlencode

__all__ = ["Link", "links_of"]

_PORTALS = {
    "ztf": (re.compile(r"ZTF\d{2}[a-z]{7}", re.ASCII), "https://ztf.fink-portal.org/"),
    "lsst": (re.compile(r"\d{1,19}", re.ASCII), "https://lsst.fink-portal.org/"),
}
_RADIUS_ARCSEC = 5.0
_NED_RADIUS_ARCSEC = 30.0  # hosts of transients lie further off than counterparts
_ALADIN_FIELD_DEG = 0.05
_ZTF_SOUTH_DEG = -31.0  # the survey sees no further south, nor does SNAD's view of it


class Link(NamedTuple):
    """A page elsewhere; `radius_arcsec` is how far around it looks, NaN for a page by id."""

    name: str
    url: str
    radius_arcsec: float = math.nan


def links_of(survey: str, object_id: str, ra_deg: float, dec_deg: float) -> tuple[Link, ...]:
    """Return pages about an object of a survey at an ICRS position in degrees.

    A page by id is left out if the id has not the survey's form, pages by position if there is
    none on the sky, SNAD's beyond the sky of ZTF.
    """
    found = []
    form, portal = _PORTALS.get(survey, (None, ""))
    if form is not None and form.fullmatch(object_id):
        found.append(Link("Fink", portal + quote(object_id, safe="")))
    if 0.0 <= ra_deg <= 360.0 and -90.0 <= dec_deg <= 90.0:
        found += _around(ra_deg, dec_deg)
    return tuple(found)


def _around(ra_deg: float, dec_deg: float) -> list[Link]:
    ra, dec = f"{ra_deg:.6f}", f"{dec_deg:.6f}"
    radius = f"{_RADIUS_ARCSEC:g}"
    found = [
        _by_position(
            "TNS",
            "https://www.wis-tns.org/search",
            {"ra": ra, "decl": dec, "radius": radius, "coords_unit": "arcsec"},
        ),
        _by_position(
            "SIMBAD",
            "https://simbad.cds.unistra.fr/simbad/sim-coo",
            {
                "Coord": f"{ra} {dec}",
                "CooFrame": "ICRS",
                "Radius": radius,
                "Radius.unit": "arcsec",
            },
        ),
        _by_position(
            "NED",
            "https://ned.ipac.caltech.edu/conesearch",
            {
                "search_type": "Near Position Search",
                "in_csys": "Equatorial",
                "in_equinox": "J2000",
                "ra": f"{ra}d",
                "dec": f"{dec}d",
                "radius": f"{_NED_RADIUS_ARCSEC / 60:g}",  # NED counts in arcminutes
            },
            _NED_RADIUS_ARCSEC,
        ),
        _by_position(
            "VizieR",
            "https://vizier.cds.unistra.fr/viz-bin/VizieR",
            {"-c": f"{ra} {dec}", "-c.rs": radius},
        ),
        _by_position(
            "Aladin",
            "https://aladin.cds.unistra.fr/AladinLite/",
            {"target": f"{ra} {dec}", "fov": f"{_ALADIN_FIELD_DEG:g}"},
            _ALADIN_FIELD_DEG / 2 * 3600,
        ),
    ]
    if dec_deg >= _ZTF_SOUTH_DEG:
        place = quote(f"{ra} {dec}", safe="")
        url = f"https://ztf.snad.space/search/{place}/{radius}"
        found.append(Link("SNAD", url, _RADIUS_ARCSEC))
    return found


def _by_position(
    name: str, page: str, asked: dict[str, str], radius_arcsec: float = _RADIUS_ARCSEC
) -> Link:
    return Link(name, f"{page}?{urlencode(asked, quote_via=quote)}", radius_arcsec)
