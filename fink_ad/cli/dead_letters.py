"""`fink-ad dead-letters`: packets that could not become alerts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from fink_ad.cli.app import err, out, print_json, printable, shown, state_of
from fink_ad.cli.reading import SchemaFile, read_schema
from fink_ad.errors import StoreError

if TYPE_CHECKING:
    from fink_ad.store import StoredLetter

__all__ = ["dead_letters_app"]

dead_letters_app = typer.Typer(help="Packets that could not become alerts.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Source = Annotated[
    str | None, typer.Option(help="Only of this source: files, ...", show_default=False)
]
Reason = Annotated[str | None, typer.Option(help="Only with this reason.", show_default=False)]
Id = Annotated[
    str, typer.Argument(metavar="ID", help="Dead letter, as `list` shows it, or how it begins.")
]


@dead_letters_app.command(name="list")
def list_(
    context: typer.Context,
    source: Source = None,
    reason: Reason = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List dead letters, newest first."""
    with state_of(context).open_store() as store:
        letters = store.stored_letters(source, reason, limit)
    if as_json:
        print_json([_to_json(one) for one in letters])
        return
    if not letters:
        out.print("No dead letters.")
        return
    table = Table("id", "seen", "source", "reason", "detail", box=None, pad_edge=False)
    for one in letters:
        texts = (f"{one.seen_at:%m-%d %H:%M}", one.source, one.letter.reason, one.letter.detail)
        table.add_row(one.id, *(shown(text) for text in texts))
    out.print(table)


@dead_letters_app.command()
def show(context: typer.Context, letter_id: Id, as_json: AsJson = False) -> None:
    """Show all that is known of a dead letter."""
    with state_of(context).open_store() as store:
        one = store.find_letter(letter_id)
    form = _to_json(one)
    form["payload_bytes"] = None if one.letter.payload is None else len(one.letter.payload)
    if as_json:
        print_json(form)
        return
    for name, value in form.items():
        told = "not kept" if value is None else printable(str(value))
        out.print(f"{name:14} {told}", markup=False, highlight=False, soft_wrap=True)


@dead_letters_app.command()
def export(
    context: typer.Context,
    target: Annotated[Path, typer.Option("--out", help="Folder to write.", show_default=False)],
    source: Source = None,
    reason: Reason = None,
) -> None:
    """Write the packets as they came, one file each, and what is known of all as letters.json.

    Packets of more than 64 KiB, or of files with several packets, were not kept: they are
    listed without a file.
    """
    with state_of(context).open_store() as store:
        every = store.stored_letters(source, reason, limit=None)
        packets = store.stored_letters(source, reason, limit=None, with_payload=True)
    try:
        target.mkdir(parents=True, exist_ok=True)
        for one in packets:
            (target / f"{one.id}.avro").write_bytes(one.letter.payload or b"")
        listed = json.dumps([_to_json(one) for one in every], indent=1)
        (target / "letters.json").write_text(listed, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"cannot write to {target}: {error.strerror or error}") from error
    out.print(f"{len(packets):,} packets of {len(every):,} dead letters -> {target}")


@dead_letters_app.command()
def retry(
    context: typer.Context,
    source: Source = None,
    reason: Reason = None,
    schema: SchemaFile = None,
    as_json: AsJson = False,
) -> None:
    """Read the stored packets again, and take those that can be read now through the street.

    They leave the dead letters for the counts of their night. What still cannot be read stays
    as it is. Exit code 1 if there was something to try and nothing could be read.
    """
    from fink_ad.operations import retry_letters

    state = state_of(context)
    given = None if schema is None else read_schema(schema)
    with state.open_store() as store:
        done = retry_letters(store, state.settings, source=source, reason=reason, schema=given)
    if as_json:
        print_json(vars(done))
    else:
        told = ", ".join(f"{n:,} {what}" for what, n in done.outcome.items() if n)
        out.print(f"{done.n_settled:,} of {done.n_tried:,} can be read now: {told or 'none'}")
        for why, n in done.failing.items():
            out.print(f"  still {why}: {n:,}", markup=False)
        if done.n_without_payload:
            n = done.n_without_payload
            err.print(f"{n:,} were not tried: their bytes were not kept", style="yellow")
    if done.n_tried and not done.n_settled:
        raise typer.Exit(1)


def _to_json(one: StoredLetter) -> dict[str, Any]:
    return {
        "id": one.id,
        "source": one.source,
        "seen_at": one.seen_at.isoformat(),
        "partition": one.letter.partition,
        "position": one.letter.position,
        "reason": one.letter.reason,
        "detail": one.letter.detail,
        "schema_hash": one.letter.schema_hash,
    }
