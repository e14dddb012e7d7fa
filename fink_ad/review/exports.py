"""All answers into one file, CSV or Parquet."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pandas as pd

from fink_ad.errors import ReviewError
from fink_ad.review.downloads import to_csv
from fink_ad.store import LabelRecord, Store, retracted_ids, unpack_features

__all__ = ["export_labels"]


def export_labels(
    store: Store, target: Path, survey: str | None = None, *, with_features: bool = False
) -> int:
    """Write every answer and every undoing, in the order they were stored; return how many.

    Texts that a spreadsheet would run as a formula begin with a quote in CSV. The file is
    complete or absent.

    Parameters
    ----------
    target : pathlib.Path
        ``.csv`` or ``.parquet``.
    survey : str, optional
        Only answers about this survey.
    with_features : bool
        Also the features the alert had: a list of numbers, in the order of the feature schema
        whose hash stands beside it; NaN, in CSV null, where not defined.

    Raises
    ------
    ReviewError
        If the file has another suffix or cannot be written.
    """
    if target.suffix not in (".csv", ".parquet"):
        raise ReviewError(f"cannot tell how to write {target}: name it .parquet or .csv")
    labels = store.labels(survey)
    names = {reviewer.id: reviewer.name for reviewer in store.reviewers()}
    undone = retracted_ids(labels)
    is_csv = target.suffix == ".csv"
    table = pd.DataFrame(
        [_row(label, names, label.id in undone) for label in labels], columns=_COLUMNS
    )
    if with_features:
        packed = store.label_features([label.id for label in labels])
        values = [unpack_features([one])[0].tolist() for one in packed]
        table["features"] = [json.dumps(_defined(row)) for row in values] if is_csv else values
    if is_csv:
        content = to_csv(table)
    else:
        buffer = io.BytesIO()
        table.to_parquet(buffer, index=False)
        content = buffer.getvalue()
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        partial.write_bytes(content)
        partial.replace(target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise ReviewError(f"cannot write {target}: {error.strerror or error}") from error
    return len(labels)


_COLUMNS = (
    *("label_id", "survey", "alert_id", "object_id", "population", "reviewer", "answer", "undone"),
    *("retracts", "tags", "note", "channel", "shown_at", "answered_at", "model_revision"),
    "feature_schema",
)


def _row(label: LabelRecord, names: dict[int, str], undone: bool) -> tuple[object, ...]:
    return (
        label.id,
        label.survey,
        label.alert_id,
        label.object_id,
        label.population,
        names[label.reviewer_id],
        label.answer,
        undone,
        "" if label.retracts is None else str(label.retracts),
        json.dumps(list(label.tags)) if label.tags else "",
        label.note,
        label.channel,
        label.shown_at.isoformat() if label.shown_at else "",
        label.answered_at.isoformat(),
        label.model_revision,
        label.feature_schema,
    )


def _defined(values: list[float]) -> list[float | None]:
    """Return values as JSON has them, which knows no NaN."""
    return [one if one == one else None for one in values]
