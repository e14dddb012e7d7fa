"""Where values come from, and what is wrong with them."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import EnvSettingsSource

from fink_ad.config.settings import Settings
from fink_ad.errors import ConfigError

__all__ = ["CONFIG_FILE", "LoadedSettings", "load_settings", "nearest"]

CONFIG_FILE = "fink-ad.toml"

# Variables of the test suite, which share our prefix but are no settings.
_NOT_SETTINGS = ("FINK_AD_REAL_DATA", "FINK_AD_TEST_DATABASE_URL")


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
