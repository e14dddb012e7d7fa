"""`fink-ad labels`: the answers that were given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from fink_ad.cli.app import out, print_json, shown, state_of
from fink_ad.cli.label_imports import distrust, import_, imports, trust

if TYPE_CHECKING:
    from fink_ad.store import LabelRecord

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


labels_app.command(name="import")(import_)
for command in (imports, trust, distrust):
    labels_app.command()(command)


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
