"""The kinds of objects the simulator knows: one file each, listed here.

A new class is a file with a ``draw(rng, visits)`` function and a line in `CLASSES`.
"""

from fink_ad.simulate.classes.agn import AGN
from fink_ad.simulate.classes.asteroid import ASTEROID
from fink_ad.simulate.classes.bogus import BOGUS
from fink_ad.simulate.classes.double_peaked_supernova import DOUBLE_PEAKED_SUPERNOVA
from fink_ad.simulate.classes.kilonova import KILONOVA
from fink_ad.simulate.classes.m_dwarf_flare import M_DWARF_FLARE
from fink_ad.simulate.classes.r_crb import R_CRB
from fink_ad.simulate.classes.rr_lyrae import RR_LYRAE
from fink_ad.simulate.classes.slow_riser import SLOW_RISER
from fink_ad.simulate.classes.supernova_ia import SUPERNOVA_IA
from fink_ad.simulate.classes.supernova_ii import SUPERNOVA_II

__all__ = ["CLASSES"]

CLASSES = {
    known.name: known
    for known in (
        RR_LYRAE,
        AGN,
        SUPERNOVA_IA,
        SUPERNOVA_II,
        M_DWARF_FLARE,
        BOGUS,
        ASTEROID,
        KILONOVA,
        DOUBLE_PEAKED_SUPERNOVA,
        SLOW_RISER,
        R_CRB,
    )
}
"""All classes by name; the shares of the ordinary ones sum to 1."""
