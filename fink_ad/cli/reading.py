"""Options that all commands share which read alerts, and what they mean."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fink_ad.errors import ConfigError

if TYPE_CHECKING:
    from fink_ad.config import Settings
    from fink_ad.sources.files import FilesSource

__all__ = ["OptionalPaths", "Order", "Paths", "SchemaFile", "files_source", "read_schema"]


class Order(StrEnum):
    """In which order alerts are taken."""

    input = "input"
    time = "time"


Paths = Annotated[
    list[str],
    typer.Argument(metavar="PATH", help="Files, folders or glob patterns.", show_default=False),
]

OptionalPaths = Annotated[
    list[str] | None,
    typer.Argument(metavar="PATH", help="Files, folders or glob patterns.", show_default=False),
]

SchemaFile = Annotated[
    Path | None,
    typer.Option(
        "--schema",
        help="Avro schema (JSON) of bare or framed packets that do not bring their own.",
        show_default=False,
    ),
]


def files_source(
    settings: Settings, paths: list[str], schema: Path | None, order: Order = Order.input
) -> FilesSource:
    """Return the source for paths given on the command line.

    Raises
    ------
    ConfigError
        If the schema file cannot be read.
    SourceError
        If a path does not exist.
    """
    from fink_ad.alerts.avro import Limits
    from fink_ad.sources.files import FilesSource

    limits = Limits(**settings.limits.model_dump())
    given = read_schema(schema) if schema else None
    return FilesSource(
        paths, batch_size=settings.batch_size, order=order.value, schema=given, limits=limits
    )


def read_schema(path: Path) -> Any:
    """Return the Avro schema of a file.

    Raises
    ------
    ConfigError
        If it cannot be read or is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read the schema {path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"the schema {path} is not valid JSON: {error}") from error
