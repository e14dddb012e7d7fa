"""Answers as a portal gives them: what everything is, and files that say so or do not."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from fink_ad.review.imports import ImportRules, import_labels
from fink_ad.store import Answer, Store

from .conftest import KEY, Home

N_GIVEN_HERE = 200
COLUMN = "statistics.chi2_r"


def truth(home: Home) -> dict[int, Answer]:
    """Say of each object, by one of its kept alerts, what it is: three in ten vary strongly."""
    schema = home.active().schema
    with home.store() as store:
        index = store.kept_index(*KEY)
        _, first = np.unique(index.object_id.astype(str), return_index=True)
        ids, values = store.kept_features(*KEY, schema.hash, index.alert_id[first])
    spread = np.nan_to_num(values[:, schema.names.index(COLUMN)])
    strong = spread > np.quantile(spread, 0.7)
    return {
        int(one): "anomaly" if yes else "ordinary" for one, yes in zip(ids, strong, strict=True)
    }


def other(answer: str) -> str:
    return "ordinary" if answer == "anomaly" else "anomaly"


def write(path: Path, rows: list[tuple[int, str, str]]) -> Path:
    when = datetime(2026, 3, 6, tzinfo=UTC)
    lines = [
        f"{alert},{answer},{who},{when + timedelta(minutes=place):%Y-%m-%dT%H:%M:%SZ}"
        for place, (alert, answer, who) in enumerate(rows)
    ]
    path.write_text("\n".join(["alert_id,answer,who,when", *lines]) + "\n")
    return path


def bring(store: Store, path: Path) -> int:
    rules = ImportRules(survey="ztf", create_reviewers=True)
    return import_labels(store, path, path.stem, rules).n_stored
