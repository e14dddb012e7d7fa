"""Numbers that describe an alert: contracts, extractor, one provider per file."""

from fink_ad.features.contracts import Context, FeatureColumn, FeatureProvider
from fink_ad.features.extractor import Extraction, Extractor
from fink_ad.features.offers import (
    ModelCurve,
    OffersCurves,
    OffersFigure,
    OffersPeriod,
    Period,
    ViewProvider,
)
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
    "ModelCurve",
    "OffersCurves",
    "OffersFigure",
    "OffersPeriod",
    "Period",
    "ViewProvider",
    "population_of",
]
