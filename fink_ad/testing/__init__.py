"""For authors of providers: sample alerts, and checks that a provider keeps its contract."""

from fink_ad.testing.checks import check_feature_provider, check_filter_provider
from fink_ad.testing.samples import make_batch, sample_batch
from fink_ad.testing.views import check_view_provider

__all__ = [
    "check_feature_provider",
    "check_filter_provider",
    "check_view_provider",
    "make_batch",
    "sample_batch",
]
