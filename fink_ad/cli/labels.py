"""`fink-ad labels`: the answers that were given."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from fink_ad.cli.app import err, out, print_json, printable, shown, state_of
from fink_ad.errors import ConfigError, ReviewError

if TYPE_CHECKING:
    from fink_ad.review.imports import Imported
    from fink_ad.store import LabelRecord, Store

__all__ = ["labels_app"]

labels_app = typer.Typer(help="Answers that reviewers gave.", no_args_is_help=True)

_NOTE_LENGTH = 40

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON; alert ids are strings there.")]
SurveyName = Annotated[
    str | None, typer.Option(help="Only this survey: ztf, lsst.", show_default=False)
]


@labels_app.command(name="list")
def list_(
    context: typer.Context,
    reviewer: Annotated[
        str | None, typer.Option(help="Only of this reviewer.", show_default=False)
    ] = None,
    object_id: Annotated[
        str | None, typer.Option("--object", help="Only about this object.", show_default=False)
    ] = None,
    survey: SurveyName = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the latest.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List answers, latest first; those taken back are marked."""
    from fink_ad.store import retracted_ids

    with state_of(context).open_store() as store:
        reviewer_id = None if reviewer is None else store.find_reviewer(reviewer).id
        events = store.labels(survey, object_id, reviewer_id)
        names = {one.id: one.name for one in store.reviewers()}
    undone = retracted_ids(events)
    given = [event for event in events if event.retracts is None][::-1][:limit]
    if as_json:
        print_json([_to_json(one, names, one.id in undone) for one in given])
        return
    if not given:
        out.print("No answers. [bold]fink-ad review[/bold] asks for some.")
        return
    table = Table("id", "given", "who", "object", "answer", "more", box=None, pad_edge=False)
    for one in given:
        told = "taken back" if one.id in undone else one.answer
        note = " ".join(one.note.split())[:_NOTE_LENGTH]
        table.add_row(
            str(one.id),
            f"{one.answered_at:%Y-%m-%d %H:%M}",
            shown(names[one.reviewer_id]),
            shown(one.object_id),
            told,
            shown(", ".join([*one.tags, *([note] if note else [])])),
        )
    out.print(table)


@labels_app.command()
def undo(
    context: typer.Context,
    reviewer: Annotated[
        str, typer.Option(help="Whose answer it is.", prompt=False, show_default=False)
    ],
    label_id: Annotated[
        int | None,
        typer.Argument(metavar="[ID]", help="Answer; the last by default.", show_default=False),
    ] = None,
) -> None:
    """Take an answer back; it stays in the record, and counts no longer."""
    from fink_ad.review import undo as take_back

    with state_of(context).open_store() as store:
        # Who runs the place undoes for anybody, the retired too.
        label = take_back(store, store.find_reviewer(reviewer), label_id, by_operator=True)
    out.print(f"{shown(label.object_id)}: {label.answer} taken back", highlight=False)


@labels_app.command()
def export(
    context: typer.Context,
    target: Annotated[
        Path, typer.Option("--out", help="File to write: .parquet or .csv.", show_default=False)
    ],
    survey: SurveyName = None,
    with_features: Annotated[
        bool, typer.Option("--features", help="Also the features the alerts had.")
    ] = False,
) -> None:
    """Write every answer and every undoing into one file."""
    from fink_ad.review.exports import export_labels

    with state_of(context).open_store() as store:
        n_rows = export_labels(store, target, survey, with_features=with_features)
    out.print(f"{n_rows:,} answers -> {target}", highlight=False, soft_wrap=True, markup=False)


@labels_app.command(name="import")
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


@labels_app.command()
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


@labels_app.command()
def trust(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Import, as `imports` shows it.")],
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


@labels_app.command()
def distrust(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Import, as `imports` shows it.")],
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


def _to_json(one: LabelRecord, names: dict[int, str], undone: bool) -> dict[str, Any]:
    tags: Sequence[str] = one.tags
    return {
        "id": one.id,
        "survey": one.survey,
        "alert_id": str(one.alert_id),
        "object_id": one.object_id,
        "population": one.population,
        "reviewer": names[one.reviewer_id],
        "answer": one.answer,
        "undone": undone,
        "tags": list(tags),
        "note": one.note,
        "channel": one.channel,
        "model_revision": one.model_revision,
        "shown_at": one.shown_at and one.shown_at.isoformat(),
        "answered_at": one.answered_at.isoformat(),
    }
