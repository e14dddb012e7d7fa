"""Parts of the page as HTML, every text in them made harmless; each a pure function."""

from fink_ad.ui.panels.features import features_html
from fink_ad.ui.panels.header import header_html
from fink_ad.ui.panels.relations import chips_html, links_html, neighbours_html, opinions_html
from fink_ad.ui.panels.stamps import stamps_html

__all__ = [
    "chips_html",
    "features_html",
    "header_html",
    "links_html",
    "neighbours_html",
    "opinions_html",
    "stamps_html",
]
