"""`fink-ad doctor`: one command that says what is wrong, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from fink_ad.cli.app import out, print_json, state_of
from fink_ad.errors import ConfigError

if TYPE_CHECKING:
    from fink_ad.operations import Finding

__all__ = ["doctor"]

_STYLES = {"ok": "green", "warning": "yellow", "problem": "bold red"}


def doctor(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Examine settings, disk, plug-ins, database, history, clock, models and counts.

    Nothing is changed. Each finding that is not ok says what to do. Exit code 1 if there is a
    problem; a warning is none yet.
    """
    findings = _examine(context)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        table = Table(box=None, pad_edge=False, show_header=False)
        for finding in findings:
            told = escape(finding.told)
            if finding.mend:
                told += f"\n[bold]→ {escape(finding.mend)}[/bold]"
            style = _STYLES[finding.level]
            table.add_row(f"[{style}]{finding.level}[/{style}]", finding.check, told)
        out.print(table)
    if any(finding.level == "problem" for finding in findings):
        raise typer.Exit(1)


def _examine(context: typer.Context) -> list[Finding]:
    from fink_ad.operations import Finding, examine

    state = state_of(context)
    try:
        settings = state.settings
    except ConfigError as error:
        return [Finding("configuration", "problem", str(error), "correct or remove the setting")]
    origins = {origin for _, _, origin in state.loaded.rows()} - {"default"}
    told = ", ".join(sorted(origins)) or "defaults only"
    return [Finding("configuration", "ok", told), *examine(settings)]
