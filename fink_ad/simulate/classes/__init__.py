"""The kinds of objects the simulator knows: one file each, listed here.

A new class is a file with a ``draw(draws, survey, event_mjd)`` function and a line in `CLASSES`.
"""

from fink_ad.simulate.classes.afterglow import AFTERGLOW
from fink_ad.simulate.classes.agn import AGN
from fink_ad.simulate.classes.asteroid import ASTEROID
from fink_ad.simulate.classes.bad_subtraction import BAD_SUBTRACTION
from fink_ad.simulate.classes.blazar import BLAZAR
from fink_ad.simulate.classes.bogus import BOGUS
from fink_ad.simulate.classes.cepheid import CEPHEID
from fink_ad.simulate.classes.double_peaked_supernova import DOUBLE_PEAKED_SUPERNOVA
from fink_ad.simulate.classes.dwarf_nova import DWARF_NOVA
from fink_ad.simulate.classes.eclipsing_binary import ECLIPSING_BINARY
from fink_ad.simulate.classes.kilonova import KILONOVA
from fink_ad.simulate.classes.long_period_variable import LONG_PERIOD_VARIABLE
from fink_ad.simulate.classes.m_dwarf_flare import M_DWARF_FLARE
from fink_ad.simulate.classes.microlensing import MICROLENSING
from fink_ad.simulate.classes.r_crb import R_CRB
from fink_ad.simulate.classes.rr_lyrae import RR_LYRAE
from fink_ad.simulate.classes.slow_riser import SLOW_RISER
from fink_ad.simulate.classes.superluminous_supernova import SUPERLUMINOUS_SUPERNOVA
from fink_ad.simulate.classes.supernova_ia import SUPERNOVA_IA
from fink_ad.simulate.classes.supernova_ibc import SUPERNOVA_IBC
from fink_ad.simulate.classes.supernova_ii import SUPERNOVA_II
from fink_ad.simulate.classes.tidal_disruption_event import TIDAL_DISRUPTION_EVENT
from fink_ad.simulate.classes.young_star import YOUNG_STAR

__all__ = ["CLASSES"]

CLASSES = {
    known.name: known
    for known in (
        RR_LYRAE,
        CEPHEID,
        ECLIPSING_BINARY,
        LONG_PERIOD_VARIABLE,
        YOUNG_STAR,
        DWARF_NOVA,
        M_DWARF_FLARE,
        AGN,
        BLAZAR,
        SUPERNOVA_IA,
        SUPERNOVA_IBC,
        SUPERNOVA_II,
        ASTEROID,
        BOGUS,
        BAD_SUBTRACTION,
        KILONOVA,
        DOUBLE_PEAKED_SUPERNOVA,
        SLOW_RISER,
        R_CRB,
        SUPERLUMINOUS_SUPERNOVA,
        TIDAL_DISRUPTION_EVENT,
        AFTERGLOW,
        MICROLENSING,
    )
}
"""All classes by name; the shares of the ordinary ones sum to 1. New ones go to the end, since the
place in this list is part of an object's id."""
