"""`fink-ad db`: look after the database."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from fink_ad.cli.app import out, print_json, state_of

__all__ = ["db_app"]

db_app = typer.Typer(help="Look after the database.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def _where(context: typer.Context) -> str | Path:
    settings = state_of(context).settings
    return settings.database_url or settings.home


@db_app.command()
def upgrade(context: typer.Context) -> None:
    """Bring the tables up to this release; an SQLite file is backed up first."""
    from fink_ad.store import upgrade as upgrade_database

    found = upgrade_database(_where(context))
    out.print(f"{found.url} is at revision {found.revision}", soft_wrap=True)


@db_app.command()
def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Show where the database is, its revision, its size and the rows of each table."""
    from fink_ad.store import status as database_status

    found = database_status(_where(context))
    if as_json:
        form = asdict(found) | {"rows": dict(found.rows), "needs_upgrade": found.needs_upgrade}
        print_json(form)
        return
    table = Table.grid(padding=(0, 2))
    table.add_row("database", found.url)
    table.add_row("revision", found.revision or "no tables yet")
    table.add_row("needed", found.head)
    table.add_row("size", f"{found.size_bytes / 1e6:.1f} MB")
    for name, n in sorted(found.rows.items()):
        table.add_row(f"  {name}", f"{n:,}")
    out.print(table)
    if found.needs_upgrade:
        out.print("[yellow]Run [bold]fink-ad db upgrade[/bold].[/yellow]")


@db_app.command()
def backup(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(help="File to write; must not exist.")],
) -> None:
    """Copy the SQLite database into a file, while others may be using it."""
    from fink_ad.store import backup as backup_database

    out.print(f"wrote {backup_database(_where(context), target)}", soft_wrap=True)
