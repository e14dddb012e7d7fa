"""`fink-ad plugins`: which providers are installed, and which are broken."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer
from rich.table import Table

from fink_ad.cli.app import out, print_json, shown, state_of

__all__ = ["plugins"]


def plugins(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List the installed providers; broken ones in red with their package and error.

    Providers are found through the entry-point groups `fink_ad.features`, `fink_ad.filters` and
    `fink_ad.views`, those of fink-ad itself included.
    """
    from fink_ad.plugins import (
        load_feature_providers,
        load_filter_providers,
        load_view_providers,
    )

    settings = state_of(context).settings.provider
    infos = (
        *load_feature_providers(settings).infos,
        *load_filter_providers(settings).infos,
        *load_view_providers(settings).infos,
    )
    if as_json:
        print_json([dataclasses.asdict(info) for info in infos])
        return
    table = Table("provider", "kind", "version", "package", "error", box=None, pad_edge=False)
    for info in infos:
        table.add_row(
            shown(info.name),
            info.group.removeprefix("fink_ad."),
            shown(info.version or "-"),
            shown(f"{info.distribution} {info.distribution_version}"),
            shown(info.error),
            style="red" if info.error else None,
        )
    out.print(table)
