"""Settings: what can be set, where values come from, and what is wrong with them.

Values are taken, the first that has one, from the command line, the environment
(``FINK_AD_<NAME>``, nested ``FINK_AD_<SECTION>__<NAME>``), the file ``fink-ad.toml`` (of the
working directory, else of the home folder) and the defaults below.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import platformdirs
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from fink_ad.errors import ConfigError

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
    "SchedulerSettings",
    "Settings",
    "UiSettings",
    "load_settings",
    "nearest",
]

CONFIG_FILE = "fink-ad.toml"

# Variables of the test suite, which share our prefix but are no settings.
_NOT_SETTINGS = ("FINK_AD_REAL_DATA", "FINK_AD_TEST_DATABASE_URL")


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
    population: str = Field("", description="population the condition is for; empty: all")

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
        default_factory=dict, description="other ways out by name: an apprise URL, or jsonl:PATH"
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


@dataclass(frozen=True)
class LoadedSettings:
    """Settings in force, and where each value that is not a default came from."""

    settings: Settings
    origin: Mapping[str, str]

    def rows(self) -> Iterator[tuple[str, Any, str]]:
        """Yield (dotted key, value, where it came from), passwords hidden."""
        for key, value in _flatten(self.settings.model_dump(mode="json")):
            shown = _without_password(value) if key == "database_url" else value
            yield key, shown, self.origin.get(key, "default")


def load_settings(
    config_file: Path | None = None, overrides: Mapping[str, Any] | None = None
) -> LoadedSettings:
    """Read settings from the command line, the environment, the file and the defaults.

    Parameters
    ----------
    config_file : Path, optional
        File to read instead of looking for ``fink-ad.toml``.
    overrides : mapping, optional
        Values of the command line by name; None values do not count.

    Raises
    ------
    ConfigError
        If the file cannot be read, a key is unknown (the nearest known one is named) or a value
        does not fit.
    """
    given = {key: value for key, value in (overrides or {}).items() if value is not None}
    environment = EnvSettingsSource(Settings)()
    _check_environment()
    path = config_file or _find_file(given, environment)
    from_file = _read_toml(path) if path else {}
    merged = _merge(_merge(from_file, environment), given)
    try:
        # Everything is merged already: keep pydantic-settings from reading the environment again.
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        raise ConfigError(_explain(error, _name_origin(path, from_file, environment))) from None
    origin = {key: str(path) for key, _ in _flatten(from_file)}
    origin |= {key: "environment" for key, _ in _flatten(environment)}
    origin |= {key: "command line" for key, _ in _flatten(given)}
    return LoadedSettings(settings, origin)


def _find_file(given: Mapping[str, Any], environment: Mapping[str, Any]) -> Path | None:
    home = given.get("home") or environment.get("home") or Settings.model_construct().home
    for folder in (Path(), Path(home)):
        try:
            path = folder.absolute() / CONFIG_FILE
            if path.is_file():
                return path
        except OSError:  # a folder that was removed or may not be entered holds no settings
            continue
    return None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read the settings file {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"the settings file {path} is not valid TOML: {error}") from error


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one nested mapping over another."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        both = isinstance(value, Mapping) and isinstance(under, Mapping)
        merged[key] = _merge(under, value) if both else value  # type: ignore[arg-type]
    return merged


def _flatten(nested: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in nested.items():
        if isinstance(value, Mapping) and value:
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _check_environment() -> None:
    known = list(Settings.model_fields)
    for variable in sorted(os.environ):
        if not variable.startswith("FINK_AD_") or variable in _NOT_SETTINGS:
            continue
        name = variable.removeprefix("FINK_AD_").lower().split("__")[0]
        if name not in known:
            raise ConfigError(
                f"environment variable {variable} is no setting{nearest(name, known)}"
            )


def _explain(error: ValidationError, where: str) -> str:
    """Say the first thing that is wrong, in one line."""
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    if first["type"] == "extra_forbidden":
        known = _known_keys(place[:-1])
        return f"unknown setting {'.'.join(place)!r} in {where}{nearest(place[-1], known)}"
    told = first["msg"].removeprefix("Value error, ")
    return f"setting {'.'.join(place)!r} in {where}: {told}, got {first['input']!r}"


def _known_keys(section: list[str]) -> list[str]:
    model: type[BaseModel] = Settings
    for name in section:
        annotation = model.model_fields[name].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)


def nearest(name: str, known: list[str]) -> str:
    """Return the end of a message about an unknown name: which known one is most like it."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
    return f"; the nearest known one is {near[0]!r}" if near else "; there are none"


def _name_origin(path: Path | None, from_file: Mapping[str, Any], env: Mapping[str, Any]) -> str:
    places = [str(path)] if from_file else []
    places += ["the environment"] if env else []
    return " or ".join(places) or "the command line"


def _without_password(url: Any) -> Any:
    """Hide the password of a database URL."""
    if not isinstance(url, str) or "@" not in url or "://" not in url:
        return url
    scheme, rest = url.split("://", 1)
    credentials, host = rest.rsplit("@", 1)
    user = credentials.split(":", 1)[0]
    return f"{scheme}://{user}:***@{host}" if ":" in credentials else url
