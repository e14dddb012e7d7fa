"""Numbers that describe an alert: contracts, extractor, one provider per file."""

from fink_ad.features.contracts import Context, FeatureColumn, FeatureProvider, OffersFigure
from fink_ad.features.extractor import Extraction, Extractor
from fink_ad.features.population import population_of
from fink_ad.features.schema import FeatureSchema, FeatureTable

__all__ = [
    "Context",
    "Extraction",
    "Extractor",
    "FeatureColumn",
    "FeatureProvider",
    "FeatureSchema",
    "FeatureTable",
    "OffersFigure",
    "population_of",
]
