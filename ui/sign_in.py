"""How people sign in: the file beside the store that says so, checked before anybody comes.

Streamlit does the signing in (OpenID Connect) and reads the same file. What it would only find out
when somebody presses the button is found out here. No value of the file is ever part of a message
but addresses, which are no secrets.
"""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from fink_ad.errors import ConfigError
from fink_ad.ui.addresses import is_local

__all__ = ["FILE_NAME", "read_sign_in"]

FILE_NAME = "secrets.toml"
"""Name of the file in the home folder."""

_CALLBACK = "/oauth2callback"
_FIELDS = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
_OPTIONS = ("client_kwargs", "expose_tokens")
_SECRET_LENGTH = 32
_PLACEHOLDER = "..."


def read_sign_in(path: Path, port: int) -> str | None:
    """Return the address of the page at which people sign in, as their browsers see it.

    None if nobody has to sign in: there is no file, or it has no section ``[auth]``.

    Parameters
    ----------
    path : pathlib.Path
        A TOML file; see ``docs/review-page.md`` for what it holds.
    port : int
        Takes the place of ``{port}`` in ``redirect_uri``.

    Raises
    ------
    ConfigError
        If the file cannot be read, everybody may read it, or a field is missing or makes no sense.
    """
    section = _section(path)
    if section is None:
        return None
    for name, value in section.items():
        if name not in (*_FIELDS, *_OPTIONS):
            raise ConfigError(
                f"[auth] of {path} has {name!r}, which means nothing here: it takes "
                f"{', '.join(_FIELDS)} of one provider, and perhaps {' and '.join(_OPTIONS)}"
            )
        if name in _FIELDS and not isinstance(value, str):
            raise ConfigError(f"{name} in [auth] of {path} is no text; put it in quotes")
    missing = [one for one in _FIELDS if section.get(one, "").strip() in ("", _PLACEHOLDER)]
    if missing:
        raise ConfigError(f"[auth] of {path} lacks {', '.join(missing)}; see docs/review-page.md")
    if len(section["cookie_secret"]) < _SECRET_LENGTH:
        raise ConfigError(
            f"cookie_secret in [auth] of {path} can be guessed: make it at least {_SECRET_LENGTH} "
            'random characters, python -c "import secrets; print(secrets.token_hex(32))"'
        )
    _check_address(path, "server_metadata_url", section["server_metadata_url"])
    back: str = section["redirect_uri"].replace("{port}", str(port))
    parts = _check_address(path, "redirect_uri", back)
    if parts.query or parts.fragment or not parts.path.endswith(_CALLBACK):
        raise ConfigError(
            f"redirect_uri {back!r} in [auth] of {path} must end with {_CALLBACK}: the page's "
            "address, and that"
        )
    return back.removesuffix(_CALLBACK)


def _section(path: Path) -> dict[str, Any] | None:
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from error
    try:
        section = tomllib.loads(text).get("auth")
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
    if section is None:
        return None
    if not isinstance(section, dict):
        raise ConfigError(f"auth in {path} is no section: write [auth] above its fields")
    if mode & stat.S_IROTH:
        raise ConfigError(f"everybody on this machine may read {path}: chmod o= {path}")
    return section


def _check_address(path: Path, name: str, value: str) -> SplitResult:
    """Return the parts of an address that nobody on the way can read or change."""
    try:
        parts = urlsplit(value)
        is_whole = parts.hostname is not None and parts.port != 0  # reading it checks it
    except ValueError:
        is_whole = False
    if is_whole and (
        parts.scheme == "https" or (parts.scheme == "http" and is_local(parts.hostname))
    ):
        return parts
    raise ConfigError(
        f"{name} {value!r} in [auth] of {path} is no https:// address (http:// serves on this "
        "machine only)"
    )
