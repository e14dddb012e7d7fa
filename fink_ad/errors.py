"""Every error fink_ad raises on purpose.

::

    FinkAdError
    ├── ConfigError      a setting is unknown, malformed or contradicts another
    ├── SourceError      alerts cannot be read: file, packet, schema
    ├── ProviderError    a feature or filter provider breaks its contract
    ├── ModelError       a model is damaged, or does not fit the table it is given
    │   └── TooFewAlerts there are not enough of them yet for a model
    ├── StoreError       the database or the history folder cannot do what is asked
    │   ├── LeaseHeld    somebody else is at this work
    │   └── LeaseLost    somebody else does this work by now
    └── ReviewError      an answer or a question to the reviewer makes no sense

A message names the thing, the value and the way out. Catch at the level you mean.
"""

__all__ = [
    "ConfigError",
    "FinkAdError",
    "LeaseHeld",
    "LeaseLost",
    "ModelError",
    "ProviderError",
    "ReviewError",
    "SourceError",
    "StoreError",
    "TooFewAlerts",
]


class FinkAdError(Exception):
    """Base of all errors raised on purpose by fink_ad."""


class ConfigError(FinkAdError):
    """A setting is unknown, malformed or contradicts another."""


class SourceError(FinkAdError):
    """Alerts cannot be read: the file, the packet or its schema."""


class ProviderError(FinkAdError):
    """A feature or filter provider breaks its contract."""


class ModelError(FinkAdError):
    """A model is damaged, or does not fit the table it is given."""


class TooFewAlerts(ModelError):
    """There are not enough alerts yet for a model: on a small sky that is no fault."""


class StoreError(FinkAdError):
    """The database or the history folder cannot do what is asked."""


class LeaseHeld(StoreError):
    """Somebody else is at this work: wait, or leave it to them."""


class LeaseLost(StoreError):
    """Somebody else does this work by now: what was to be written comes too late."""


class ReviewError(FinkAdError):
    """An answer, or a question to the reviewer, makes no sense."""
