"""What the benchmarks plant in a sky for a ranking to find."""

__all__ = ["RARE", "TRANSIENTS"]

TRANSIENTS = (
    "kilonova",
    "double_peaked_supernova",
    "superluminous_supernova",
    "slow_riser",
    "tidal_disruption_event",
    "afterglow",
)
"""Rare classes that go off once."""

RARE = (*TRANSIENTS, "microlensing", "r_crb")
"""Classes that a reviewer of transients or of variable stars would want to see."""
