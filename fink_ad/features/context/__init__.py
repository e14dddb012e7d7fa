"""Provider ``context``: where an alert is, what it looks like, and what happened before."""

from fink_ad.features.context.provider import AlertContext

__all__ = ["AlertContext"]
