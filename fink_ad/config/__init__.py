"""Settings: what can be set, where values come from, and what is wrong with them.

Values are taken, the first that has one, from the command line, the environment
(``FINK_AD_<NAME>``, nested ``FINK_AD_<SECTION>__<NAME>``), the file ``fink-ad.toml`` (of the
working directory, else of the home folder) and the defaults below.
"""

from fink_ad.config.loading import CONFIG_FILE, LoadedSettings, load_settings, nearest
from fink_ad.config.sections import (
    BotSettings,
    FirstModelSettings,
    ForestSettings,
    KeptSettings,
    LearnSettings,
    LimitSettings,
    ModelSettings,
    QueueSettings,
    RankingSettings,
    RetrainSettings,
    RunSettings,
    SchedulerSettings,
    UiSettings,
)
from fink_ad.config.settings import Settings

__all__ = [
    "CONFIG_FILE",
    "BotSettings",
    "FirstModelSettings",
    "ForestSettings",
    "KeptSettings",
    "LearnSettings",
    "LimitSettings",
    "LoadedSettings",
    "ModelSettings",
    "QueueSettings",
    "RankingSettings",
    "RetrainSettings",
    "RunSettings",
    "SchedulerSettings",
    "Settings",
    "UiSettings",
    "load_settings",
    "nearest",
]
