"""Everything that can be set, in one place."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

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

__all__ = ["Settings"]


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix="FINK_AD_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
    )

    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("fink_ad")),
        description="folder of all state: database, history, models",
    )
    database_url: str = Field("", description="database; empty: SQLite in the home folder")
    batch_size: int = Field(1000, ge=1, le=100_000, description="alerts processed at a time")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "warning", description="least severe message logged to stderr"
    )
    log_format: Literal["console", "json"] = Field("console", description="form of log lines")
    run: RunSettings = RunSettings()
    first_model: FirstModelSettings = FirstModelSettings()
    forest: ForestSettings = ForestSettings()
    ranking: RankingSettings = RankingSettings()
    kept: KeptSettings = KeptSettings()
    queue: QueueSettings = QueueSettings()
    learn: LearnSettings = LearnSettings()
    models: dict[str, ModelSettings] = Field(
        default_factory=dict, description="what a model ranks, by reviewer, or of 'shared'"
    )
    retrain: RetrainSettings = RetrainSettings()
    scheduler: SchedulerSettings = SchedulerSettings()
    bot: BotSettings = BotSettings()
    limits: LimitSettings = LimitSettings()
    ui: UiSettings = UiSettings()
    provider: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="settings of the providers, by name"
    )

    @property
    def models_dir(self) -> Path:
        """Folder of the model folders."""
        return self.home / "models"
