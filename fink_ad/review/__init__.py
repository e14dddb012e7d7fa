"""What a screen or a bot may ask for."""

from fink_ad.review.figures import light_curve_figure

__all__ = ["light_curve_figure"]
