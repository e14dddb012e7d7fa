"""The sections of the settings: what each value is, what it may be, and its default."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from fink_ad.errors import ConfigError

__all__ = [
    "BotSettings",
    "FirstModelSettings",
    "ForestSettings",
    "KeptSettings",
    "LearnSettings",
    "LimitSettings",
    "ModelSettings",
    "QueueSettings",
    "RankingSettings",
    "RetrainSettings",
    "RunSettings",
    "SchedulerSettings",
    "UiSettings",
]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FirstModelSettings(_Section):
    """How the first model of a survey and population comes to be."""

    size: int = Field(5000, ge=1, description="alerts buffered and trained on")
    buffer_mib: int = Field(256, ge=16, description="packets buffered at the most, in MiB")


class ForestSettings(_Section):
    """Which learner ranks, and how it is grown."""

    learner: Literal["static", "aad", "fal", "pine"] = Field(
        "fal", description="learner of new models"
    )
    seed: int = Field(42, ge=0, description="seed of new models")
    parameters: dict[str, Any] = Field(
        default_factory=dict, description="parameters of the learner that differ from its own"
    )


class RankingSettings(_Section):
    """When an alert is a candidate."""

    candidate_rarity: float = Field(
        1000.0, gt=1, description="an alert at least this rare (1 in N) is a candidate"
    )
    reference_nights: int = Field(3, ge=1, description="whole nights that rarity is counted over")


class KeptSettings(_Section):
    """Which alerts stay in the database with their light curves and stamps."""

    top_share: float = Field(0.01, ge=0, le=1, description="share of the strangest kept")
    random_share: float = Field(0.001, ge=0, le=1, description="share kept at random, by id")
    reference: int = Field(10_000, ge=0, description="size of the reference reservoir")
    stamps_per_night: int = Field(1000, ge=0, description="alerts of a night with their stamps")


class QueueSettings(_Section):
    """What a reviewer is shown next, and when an answered object comes back."""

    share_novel: float = Field(0.1, ge=0, le=1, description="share from where nobody answered yet")
    share_random: float = Field(0.05, ge=0, le=1, description="share drawn at random")
    share_repeat: float = Field(0.02, ge=0, le=1, description="share answered before by oneself")
    share_gold: float = Field(0.02, ge=0, le=1, description="share that others agree on already")
    lease_minutes: float = Field(10.0, gt=0, description="minutes an object is held for a reviewer")
    overlap: bool = Field(False, description="whether reviewers may be shown the same object")
    return_magnitudes: float = Field(
        0.5, gt=0, description="change of brightness that brings an answered object back"
    )
    return_rarity: float = Field(
        10.0, gt=1, description="factor of rarity that brings an answered object back"
    )

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        total = self.share_novel + self.share_random + self.share_repeat + self.share_gold
        if total > 1:
            raise ValueError(f"the shares add up to {total:g}, more than 1")
        return self


class LearnSettings(_Section):
    """How answers teach, and what a ranking has to pass before it is shown."""

    bogus_weight: float = Field(1.0, gt=0, le=1, description="weight of an answer 'bogus'")
    shared_weight: float = Field(
        0.3, gt=0, le=1, description="weight of others' answers in a personal model"
    )
    import_weight: float = Field(
        0.5, gt=0, le=1, description="weight of imported answers that are not trusted"
    )
    poll_seconds: float = Field(0.2, gt=0, le=60, description="seconds between looks for answers")
    nice: int = Field(10, ge=0, le=19, description="how far the learner stands back for others")
    floor_overlap: float = Field(
        0.05, ge=0, le=1, description="least share of the 100 strangest that must stay so"
    )
    max_artefact_share: float = Field(
        0.9, ge=0, le=1, description="largest share of known artefacts among the 100 strangest"
    )


class ModelSettings(_Section):
    """What a model ranks; ``[models.shared]``, or ``[models.<reviewer>]`` for a personal one.

    A learner reads this when it starts: restart ``fink-ad learn`` after a change.
    """

    where: str = Field(
        "",
        description="condition on columns and tags (restart fink-ad learn); empty: all alerts",
    )
    population: Literal["", "transient", "solar_system"] = Field(
        "", description="population the condition is for; empty: all"
    )

    @field_validator("where")
    @classmethod
    def _is_condition(cls, where: str) -> str:
        if where.strip():
            from fink_ad.expressions import parse  # arrays are not needed to read settings

            try:
                parse(where)
            except ConfigError as error:
                raise ValueError(str(error)) from error
        return where.strip()


class RetrainSettings(_Section):
    """What a new model is made of, and what it has to prove before it goes live."""

    nights: int = Field(30, ge=1, description="last nights that a new reference is drawn from")
    size: int = Field(5000, ge=256, description="alerts of a new reference sample")
    margin: float = Field(
        0.02, ge=0, lt=1, description="how much worse a new model may look, by chance alone"
    )
    min_answers: int = Field(50, ge=10, description="answers without which nothing is judged")
    folds: int = Field(5, ge=2, le=20, description="parts the answered objects are judged in")
    bootstrap: int = Field(1000, ge=100, description="resamples that the margin is judged by")
    lease_seconds: float = Field(
        120.0, gt=0, description="how long a retraining that died keeps others from starting"
    )


class RunSettings(_Section):
    """Which folders are followed, and how often they are looked at."""

    follow: tuple[str, ...] = Field(
        (), description="folders whose files are read as they come, by run --follow and up"
    )
    poll_seconds: float = Field(
        5.0,
        gt=0,
        le=60,
        description="seconds between looks; a file unchanged for as long is read",
    )


class SchedulerSettings(_Section):
    """What is done when, without being asked."""

    jobs: dict[str, str] = Field(
        default_factory=dict,
        description="times of jobs as five crontab fields in UTC, by job; empty: never",
    )
    lease_seconds: float = Field(
        60.0, gt=0, description="how long a job that died keeps others from starting"
    )


class UiSettings(_Section):
    """Where the review page listens, who may enter, and what it offers to say."""

    address: str = Field("127.0.0.1", description="address the review page listens on")
    port: int = Field(8501, ge=1, le=65_535, description="port the review page listens on")
    trust_network: bool = Field(
        False, description="whether everybody who reaches the page may pick who they are"
    )
    people: dict[str, str] = Field(
        default_factory=dict,
        description="reviewers by verified e-mail, or by issuer and subject with a blank between",
    )
    guard_seconds: float = Field(
        0.4, ge=0, le=10, description="seconds a candidate must be seen before it is answered"
    )
    tour: bool = Field(True, description="whether newcomers are shown around before they answer")
    tags: tuple[str, ...] = Field(
        ("supernova", "variable star", "active galaxy", "moving", "artefact", "follow up"),
        max_length=6,
        description="tags offered with the keys 1 to 6",
    )


class BotSettings(_Section):
    """The bot in the chat, and the other doors that notifications go out by."""

    token: SecretStr = Field(SecretStr(""), description="of the bot, as its maker gave it out")
    token_file: Path | None = Field(None, description="file that holds the token instead")
    api: str = Field("https://api.telegram.org", description="Bot API server")
    webhook: str = Field("", description="https address updates are sent to; empty: ask for them")
    webhook_listen: str = Field("127.0.0.1:8443", description="host:port the webhook listens at")
    webhook_secret: SecretStr = Field(
        SecretStr(""), description="what the Bot API proves itself by"
    )
    operators_chat: int | None = Field(None, description="chat that is told of errors and counts")
    doors: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="other ways out by name: kafka://..., jsonl:PATH or an apprise URL",
    )
    relearn_seconds: float = Field(
        3.0, ge=0, le=60, description="how long the next candidate waits for the last answer"
    )
    keep_days: int = Field(
        90, ge=1, description="days that messages stay listed after they are out of date"
    )


class LimitSettings(_Section):
    """What a packet may ask of us before it becomes a dead letter."""

    message: int = Field(16 << 20, gt=0, description="bytes of one packet")
    block: int = Field(256 << 20, gt=0, description="bytes of one decompressed block")
    ratio: int = Field(1000, gt=0, description="decompressed over compressed size of a block")
    schema_text: int = Field(1 << 20, gt=0, description="bytes of a schema")
    schema_depth: int = Field(32, gt=0, le=32, description="nesting of a schema")
    items: int = Field(1_000_000, gt=0, description="items of one array or map")
    stamp: int = Field(1 << 20, gt=0, description="bytes of one stamp")
    expansion: int = Field(64, gt=0, description="decoded over encoded size of a packet")
    programs: int = Field(64, gt=0, description="compiled schemas kept")
