"""`fink-ad purge`: let go of what is old."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from fink_ad.cli.app import out, print_json, state_of

__all__ = ["purge"]


def purge(
    context: typer.Context,
    older_than: Annotated[
        int, typer.Option(min=1, metavar="DAYS", help="What is older goes.", show_default=False)
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do it, instead of saying what would go.")] = (
        False
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Delete old history, dead letters, kept alerts nobody labelled, superseded revisions.

    Labels, labelled alerts, the reference alerts models are retrained on, models and counts
    stay. Of the revisions that answers made of a model, those in force lately and those a
    rollback may need stay, and all of the last day. Without `--yes` nothing is deleted. The
    database file does not shrink; its room is used again. An alert of a purged night that
    comes again is scored again.
    """
    from fink_ad.learn import remove_superseded

    state = state_of(context)
    with state.open_store() as store:
        found = store.purge(older_than, dry_run=not yes)
        superseded = remove_superseded(store, state.settings, dry_run=not yes)
    if as_json:
        print_json(asdict(found) | {"superseded": asdict(superseded), "done": yes})
        return
    table = Table.grid(padding=(0, 2))
    table.add_row("before night", str(found.before_night))
    table.add_row("alerts of the history", f"{found.n_rows:,}")
    table.add_row("in files", f"{found.n_parts:,}, {found.n_bytes / 1e6:,.1f} MB")
    table.add_row("kept alerts", f"{found.n_kept:,}")
    table.add_row("candidates", f"{found.n_candidates:,}")
    table.add_row("dead letters", f"{found.n_letters:,}")
    in_folders = f"{superseded.n_folders:,} folders, {superseded.n_bytes / 1e6:,.1f} MB"
    table.add_row("superseded revisions", in_folders)
    out.print(table)
    out.print("Deleted." if yes else "Nothing was deleted; with [bold]--yes[/bold] it is.")
