"""What a screen or a bot may ask for."""

from fink_ad.review.braille import BrailleCurve, braille_curve
from fink_ad.review.candidate import Candidate, ObjectAlert, Opinion, Strangeness, candidate_view
from fink_ad.review.curve import CurvePoints, FluxKind, curve_points
from fink_ad.review.figures import BAND_COLOURS, light_curve_figure
from fink_ad.review.labels import Given, history, record, undo
from fink_ad.review.links import Link, links
from fink_ad.review.neighbourhood import AnsweredObjects, Neighbour
from fink_ad.review.ranges import flux_unit
from fink_ad.review.stamps import Stamp, read_stamp, stamp_picture, stamp_pictures

__all__ = [
    "BAND_COLOURS",
    "AnsweredObjects",
    "BrailleCurve",
    "Candidate",
    "CurvePoints",
    "FluxKind",
    "Given",
    "Link",
    "Neighbour",
    "ObjectAlert",
    "Opinion",
    "Stamp",
    "Strangeness",
    "braille_curve",
    "candidate_view",
    "curve_points",
    "flux_unit",
    "history",
    "light_curve_figure",
    "links",
    "read_stamp",
    "record",
    "stamp_picture",
    "stamp_pictures",
    "undo",
]
