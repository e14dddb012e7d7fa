"""A progress bar with rate, counts and time left; a summary whose counts add up; Ctrl-C."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from fink_ad.cli.app import err, out, shown

if TYPE_CHECKING:
    from fink_ad.pipeline import RunSummary
    from fink_ad.sources import DeadLetter
    from fink_ad.sources.files import FilesSource

__all__ = [
    "exit_at_once",
    "print_letters",
    "print_summary",
    "stop_on_ctrl_c",
    "stop_on_sigterm",
    "watched",
]


@contextmanager
def watched(source: FilesSource) -> Iterator[Callable[[RunSummary], None]]:
    """Show a bar on stderr while a source is read; yields what to call after each batch."""
    columns = (
        TextColumn("{task.fields[counts]}"),
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("run", total=source.total(), counts="starting")

        def on_batch(summary: RunSummary) -> None:
            rate = summary.n_in / summary.seconds if summary.seconds else 0.0
            counts = f"{summary.n_in:,} alerts, {summary.n_candidates:,} candidates, {rate:,.0f}/s"
            progress.update(task, completed=source.progress, counts=counts)

        yield on_batch


def exit_at_once(signum: int, frame: object) -> None:
    """Handle Ctrl-C where there is nothing to finish first."""
    raise SystemExit(130)


@contextmanager
def stop_on_ctrl_c() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a wish to stop between batches; the second one exits."""
    wished = False

    def wish(signum: int, frame: object) -> None:
        nonlocal wished
        if wished:
            exit_at_once(signum, frame)
        wished = True
        err.print("Stopping after this batch; Ctrl-C again stops at once.")

    before = signal.signal(signal.SIGINT, wish)
    try:
        yield lambda: wished
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def stop_on_sigterm() -> Iterator[Callable[[], bool]]:
    """Turn SIGTERM into a wish to stop between batches."""
    wished = False

    def wish(signum: int, frame: object) -> None:
        nonlocal wished
        wished = True

    before = signal.signal(signal.SIGTERM, wish)
    try:
        yield lambda: wished
    finally:
        signal.signal(signal.SIGTERM, before)


def print_summary(summary: RunSummary) -> None:
    """Print the counts of a run as a sum, reasons indented."""
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_row("[bold]alerts in[/bold]", f"[bold]{summary.n_in:,}[/bold]")
    table.add_row("  scored", f"{summary.n_scored:,}")
    table.add_row("  filtered", f"{summary.n_filtered.total():,}")
    for reason, n in sorted(summary.n_filtered.items()):
        table.add_row(f"    {reason}", f"{n:,}", style="dim")
    table.add_row("  duplicates", f"{summary.n_duplicate:,}")
    table.add_row("  dead letters", f"{summary.n_dead_letter.total():,}")
    for reason, n in sorted(summary.n_dead_letter.items()):
        table.add_row(f"    {reason}", f"{n:,}", style="dim")
    if summary.n_withheld:
        table.add_row("of the scored, withheld", f"{summary.n_withheld:,}")
    table.add_row("candidates", f"{summary.n_candidates:,}")
    rate = summary.n_in / summary.seconds if summary.seconds else 0.0
    table.add_row("time", f"{summary.seconds:.1f} s")
    table.add_row("rate", f"{rate:,.0f} /s")
    for key, revision in sorted(summary.models.items()):
        table.add_row(f"model {key}", revision[:12])
    out.print(table)
    print_letters(summary.dead_letters, summary.n_dead_letter.total())
    for provider, n in sorted(summary.n_provider_failures.items()):
        out.print(f"[yellow]provider {provider} failed on {n:,} alerts; see the log[/yellow]")
    if summary.provisional:
        out.print(
            "[yellow]A model is provisional: grown on few alerts, replaced once there are "
            "256.[/yellow]"
        )
    if summary.interrupted:
        out.print("[yellow]Stopped early; run the same command again to go on.[/yellow]")


def print_letters(letters: Sequence[DeadLetter], n_letters: int) -> None:
    """Say on stderr which packets could not be read and why, the first of `n_letters`."""
    for letter in letters:
        err.print(
            f"[yellow]not read, {letter.reason}:[/yellow] {shown(letter.detail)}",
            highlight=False,
            soft_wrap=True,
        )
    if n_letters > len(letters):
        err.print(f"[yellow]... {n_letters:,} packets in all could not be read[/yellow]")
