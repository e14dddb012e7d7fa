"""What a screen or a bot may ask for."""

from fink_ad.review.curve import CurvePoints, FluxKind, curve_points
from fink_ad.review.figures import BAND_COLOURS, light_curve_figure
from fink_ad.review.ranges import flux_unit
from fink_ad.review.stamps import Stamp, read_stamp, stamp_picture, stamp_pictures

__all__ = [
    "BAND_COLOURS",
    "CurvePoints",
    "FluxKind",
    "Stamp",
    "curve_points",
    "flux_unit",
    "light_curve_figure",
    "read_stamp",
    "stamp_picture",
    "stamp_pictures",
]
