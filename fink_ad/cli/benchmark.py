"""`fink-ad benchmark`: learners compared on tables whose answers are known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from fink_ad.cli.app import err, out, print_json
from fink_ad.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fink_ad.forest.evaluation import BenchmarkResult

__all__ = ["benchmark"]

_EDGES = (2.0, 4.0, 8.0, 16.0)  # numbers of detections that part peers


def benchmark(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Labelled tables: .npz with X and y, or .csv or .parquet with a label column.",
        ),
    ],
    learners: Annotated[
        str, typer.Option(help="Who competes: random, static, aad, pine, ours (fal).")
    ] = "random,static,aad,pine,ours",
    queries: Annotated[int, typer.Option(min=1, help="Questions asked.")] = 60,
    batch: Annotated[int, typer.Option(min=1, help="Questions between two lessons.")] = 1,
    seeds: Annotated[int, typer.Option(min=1, help="Repetitions.")] = 5,
    wrong: Annotated[float, typer.Option(min=0.0, max=0.5, help="Share of wrong answers.")] = 0.0,
    label: Annotated[str, typer.Option(help="Array or column of labels, 1 = anomaly.")] = "y",
    classes: Annotated[str, typer.Option(help="Array or column of classes.")] = "cls",
    strata: Annotated[
        str | None,
        typer.Option(
            help="Column with numbers of detections: search among like rows only "
            "(1, 2-3, 4-7, 8-15, 16 and more).",
            show_default=False,
        ),
    ] = None,
    confound: Annotated[
        str | None,
        typer.Option(
            help="Columns, with commas, that a baseline sees and nothing else: "
            "any gain must beat it.",
            show_default=False,
        ),
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="LEARNER.NAME=VALUE",
            help="Parameter of a learner.",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        Path | None,
        typer.Option("--out", help="Markdown to write, a picture beside it.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Replay searches with known answers: anomalies found per question, by learner.

    Each learner asks about the row it finds strangest, is told the answer, learns, and asks
    again. Tables of more than 5 000 rows are cut to a fixed random 5 000.
    """
    from fink_ad.forest.evaluation import LabelledTable, Settings
    from fink_ad.forest.evaluation import benchmark as compare
    from fink_ad.forest.evaluation.benchmark import strata as split
    from fink_ad.forest.evaluation.report import write_report

    settings = Settings(
        learners=_names(learners),
        n_queries=queries,
        batch=batch,
        n_seeds=seeds,
        wrong_share=wrong,
        confound=() if confound is None else _names(confound),
        parameters=_parameters(parameters or []),
    )
    tables = [LabelledTable.read(file, label, classes) for file in files]
    if strata is not None:
        tables = [part for table in tables for part in split(table, strata, _EDGES)]
    results = []
    for table in tables:
        with err.status(f"{table.name}: {', '.join(settings.learners)}"):
            results.append(compare(table, settings))
    if target is not None:
        written = write_report(results, target)
        err.print(f"report: {written[0]}, {written[1]}", highlight=False, soft_wrap=True)
    if as_json:
        forms = [result.to_json() for result in results]
        print_json(forms[0] if len(forms) == 1 else forms)
    else:
        _print(results)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _parameters(given: Sequence[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for text in given:
        key, equals, value = text.partition("=")
        learner, dot, name = key.partition(".")
        if not equals or not dot:
            raise ConfigError(f"--set {text!r}: write LEARNER.NAME=VALUE, as in ours.noise=0.3")
        try:
            found.setdefault(learner, {})[name] = json.loads(value)
        except ValueError:
            found.setdefault(learner, {})[name] = value
    return found


def _print(results: Sequence[BenchmarkResult]) -> None:
    from fink_ad.forest.evaluation.report import totals

    table = Table(box=None, pad_edge=False, header_style="bold")
    settings = results[0].settings
    headings = [f"@{n}" for n in settings.checkpoints]
    for heading in ("table", "learner", *headings, "sd", "kinds", "ms a step"):
        left = heading in ("table", "learner")
        table.add_column(heading, justify="left" if left else "right")
    for result in results:
        for learner in result.replays:
            found = [result.found(learner, n) for n in settings.checkpoints]
            kinds = result.classes(learner, settings.n_queries).mean()
            table.add_row(
                result.table,
                learner,
                *(f"{counts.mean():.1f}" for counts in found),
                f"{found[-1].std():.1f}",
                f"{kinds:.1f} of {result.n_classes}" if result.n_classes else "-",
                f"{result.step_ms(learner):.1f}",
            )
    out.print(table)
    if len(results) > 1:
        sums = [f"{name} {totals(results, name):.1f}" for name in results[0].replays]
        out.print(f"total after {settings.n_queries}: {', '.join(sums)}", highlight=False)
