"""What to drop, keep or promote, and why: one provider per file."""

from fink_ad.filters.contracts import DROP, KEEP, PROMOTE, FilterProvider, Verdicts

__all__ = ["DROP", "KEEP", "PROMOTE", "FilterProvider", "Verdicts"]
