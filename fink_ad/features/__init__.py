"""Numbers that describe an alert: contracts, extractor, one provider per file."""

from fink_ad.features.contracts import Context, FeatureColumn, FeatureProvider
from fink_ad.features.schema import FeatureSchema, FeatureTable

__all__ = ["Context", "FeatureColumn", "FeatureProvider", "FeatureSchema", "FeatureTable"]
