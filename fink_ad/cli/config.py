"""`fink-ad config`: what is set, and where it was set."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table

from fink_ad.cli.app import out, print_json, shown, state_of

__all__ = ["config_app"]

config_app = typer.Typer(help="Settings in force, and where they come from.", no_args_is_help=True)


@config_app.command()
def show(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Print every setting, its value, and where the value comes from."""
    rows = list(state_of(context).loaded.rows())
    if as_json:
        form = {key: {"value": value, "from": origin} for key, value, origin in rows}
        print_json(form)
        return
    table = Table("setting", "value", "from", box=None, pad_edge=False, header_style="bold")
    for key, value, origin in rows:
        style = "dim" if origin == "default" else None
        table.add_row(shown(key), shown(json.dumps(value)), shown(origin), style=style)
    out.print(table)
