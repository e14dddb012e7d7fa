"""How one object varies, worked out when somebody looks: its period, its rise and fall.

Both are view providers: no features, no part in the stream.
"""

from fink_ad.variability.periodogram import PeriodFit, fit_period
from fink_ad.variability.periods import PeriodSearch
from fink_ad.variability.rise_and_fall import RiseAndFall

__all__ = ["PeriodFit", "PeriodSearch", "RiseAndFall", "fit_period"]
