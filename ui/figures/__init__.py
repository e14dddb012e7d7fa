"""Interactive figures of the page, as plain values that plotly draws."""

from fink_ad.ui.figures.axes import Scale
from fink_ad.ui.figures.light_curve import BAND_SYMBOLS, light_curve
from fink_ad.ui.figures.progress import yield_figure
from fink_ad.ui.figures.sky import sky_map

__all__ = ["BAND_SYMBOLS", "Scale", "light_curve", "sky_map", "yield_figure"]
