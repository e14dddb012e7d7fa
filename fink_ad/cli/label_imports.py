"""`fink-ad labels import` and what follows: answers given elsewhere, and whether they count."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from fink_ad.cli.app import err, out, print_json, printable, shown, state_of
from fink_ad.errors import ConfigError, ReviewError

if TYPE_CHECKING:
    from fink_ad.review.imports import Imported
    from fink_ad.store import Store

__all__ = ["distrust", "import_", "imports", "trust"]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ImportName = Annotated[str, typer.Argument(metavar="NAME", help="Import, as `imports` shows it.")]


def import_(
    context: typer.Context,
    source: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV or Parquet.", show_default=False)
    ],
    name: Annotated[
        str | None,
        typer.Option(help="Name of the import; by default the file's.", show_default=False),
    ] = None,
    survey: Annotated[str, typer.Option(help="Survey of rows that name none.")] = "ztf",
    reviewer: Annotated[
        str, typer.Option(help="Who answered, in rows that name nobody.", show_default=False)
    ] = "",
    create_reviewers: Annotated[
        bool, typer.Option("--create-reviewers", help="Add reviewers there are not yet.")
    ] = False,
    mapped: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="WRITTEN=ANSWER",
            help="What another word for an answer means: --map True=anomaly. Repeatable.",
            show_default=False,
        ),
    ] = None,
    alert_column: Annotated[
        str | None, typer.Option(help="Column of alert ids; else candid, ...", show_default=False)
    ] = None,
    object_column: Annotated[
        str | None, typer.Option(help="Column of objects; else objectId, ...", show_default=False)
    ] = None,
    answer_column: Annotated[
        str | None, typer.Option(help="Column of answers; else label.", show_default=False)
    ] = None,
    who_column: Annotated[
        str | None, typer.Option(help="Column of reviewers; else user, ...", show_default=False)
    ] = None,
    when_column: Annotated[
        str | None, typer.Option(help="Column of times; else changed_at, ...", show_default=False)
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="CSV file to write: every refused row and why.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take in answers given elsewhere.

    A row names an alert or an object, an answer (anomaly, ordinary, bogus, unsure), who gave it
    and when. Of an object's kept alerts the nearest in time is taken, or the strangest if there
    is no time; such a row stands below what its reviewer said here. The same file again changes
    nothing, and after a failure goes on. Until `fink-ad labels trust NAME` imported answers
    judge no model, close no object for others, and teach no ranking before a model that was
    trained with them has passed the gate.
    """
    from fink_ad.review.imports import ImportRules, import_labels, import_name

    columns = {
        "alert": alert_column,
        "object": object_column,
        "answer": answer_column,
        "who": who_column,
        "when": when_column,
    }
    rules = ImportRules(
        survey=survey,
        columns={key: column for key, column in columns.items() if column is not None},
        answers=dict(_pair(text) for text in mapped or ()),
        reviewer=reviewer,
        create_reviewers=create_reviewers,
    )
    with state_of(context).open_store() as store:
        done = import_labels(store, source, name or import_name(source), rules)
    if report is not None:
        _write_report(report, done)
    if as_json:
        print_json(
            {
                "name": done.name,
                "rows": done.n_rows,
                "stored": done.n_stored,
                "known": done.n_known,
                "refused": [{"line": one.line, "reason": one.reason} for one in done.refused],
            }
        )
        return
    _say(done, report)


def imports(context: typer.Context, as_json: AsJson = False) -> None:
    """List the files that were taken in, and whether they are trusted."""
    with state_of(context).open_store() as store:
        found = store.label_imports()
    if as_json:
        print_json(
            [
                vars(one)
                | {
                    "imported_at": one.imported_at.isoformat(),
                    "trusted_at": one.trusted_at and one.trusted_at.isoformat(),
                    "distrusted_at": one.distrusted_at and one.distrusted_at.isoformat(),
                }
                for one in found
            ]
        )
        return
    if not found:
        out.print("Nothing was imported.")
        return
    table = Table("name", "imported", "rows", "stored", "trusted", box=None, pad_edge=False)
    for one in found:
        trusted = f"{one.trusted_at:%Y-%m-%d}" if one.trusted_at else "not yet"
        if one.distrusted_at:
            trusted = f"no, {one.distrusted_at:%Y-%m-%d}"
        when = f"{one.imported_at:%Y-%m-%d %H:%M}"
        table.add_row(one.name, when, str(one.n_rows), str(one.n_stored), trusted)
    out.print(table)


def trust(
    context: typer.Context,
    name: ImportName,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Let the answers of an import count like those given here.

    They teach the ranking from the next revision on, which passes no gate, judge new models,
    and answered objects are closed for everybody. `fink-ad labels distrust NAME` ends that.
    """
    with state_of(context).open_store() as store:
        if not yes:
            _ask_trust(store, name)
        found = store.trust_import(name)
    out.print(f"{shown(found.name)}: {found.n_stored:,} answers are trusted", highlight=False)


def distrust(
    context: typer.Context,
    name: ImportName,
) -> None:
    """Leave the answers of an import out of learning and judging; they stay in the record."""
    with state_of(context).open_store() as store:
        found = store.distrust_import(name)
    out.print(
        f"{shown(found.name)}: {found.n_stored:,} answers neither teach nor judge; "
        "fink-ad labels trust brings them back",
        highlight=False,
    )


def _ask_trust(store: Store, name: str) -> None:
    counts = {one.name: one.n_stored for one in store.label_imports()}
    if name in counts:
        told = (
            f"{counts[name]:,} answers of {printable(name)} will teach the ranking at once, without"
            " the gate, and judge new models"
        )
        if not sys.stdin.isatty():
            raise ConfigError(f"{told}: say --yes if that is meant")
        typer.confirm(f"{told}. Go on?", abort=True)


def _pair(text: str) -> tuple[str, str]:
    written, is_pair, answer = text.rpartition("=")
    if not is_pair or not written:
        raise ConfigError(f"--map {text!r}: write it as WRITTEN=ANSWER, as in True=anomaly")
    return written.strip(), answer.strip()


def _write_report(target: Path, done: Imported) -> None:
    import pandas as pd

    from fink_ad.review.downloads import to_csv

    rows = [(one.line, one.reason) for one in done.refused]
    try:
        target.write_bytes(to_csv(pd.DataFrame(rows, columns=["line", "reason"])))
    except OSError as error:
        raise ReviewError(
            f"the answers were taken in, but the report {target} cannot be written: "
            f"{error.strerror or error}"
        ) from error


def _say(done: Imported, report: Path | None) -> None:
    out.print(
        f"{done.n_rows:,} rows: {done.n_stored:,} stored, {done.n_known:,} known already, "
        f"{len(done.refused):,} refused",
        highlight=False,
    )
    for one in done.refused[: 0 if report else 10]:
        err.print(f"  line {one.line}: {shown(one.reason)}", highlight=False, soft_wrap=True)
    rest = len(done.refused) - 10
    if report is None and rest > 0:
        err.print(f"  and {rest:,} more; --report FILE writes all of them", highlight=False)
    if done.n_stored:
        out.print(
            "They teach once a model trained with them has passed the gate, or once they are"
            f" trusted: fink-ad labels trust {done.name}",
            highlight=False,
            soft_wrap=True,
        )
