"""Writing a comparison down: a Markdown table and a picture of finds against questions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fink_ad.errors import ModelError
from fink_ad.forest.evaluation.benchmark import BenchmarkResult

__all__ = ["markdown", "totals", "write_report"]


def markdown(results: Sequence[BenchmarkResult]) -> str:
    """Return the finds of every learner in every table, with totals if there are several."""
    settings = results[0].settings
    learners = list(results[0].replays)
    steps = "/".join(map(str, settings.checkpoints))
    lines = [
        f"Anomalies found after {steps} questions (standard deviation after "
        f"{settings.n_queries}), {settings.n_seeds} seeds, lessons every {settings.batch}, "
        f"{settings.wrong_share:.0%} wrong answers; milliseconds a step.",
        "",
        f"| table (rows, anomalies) | {' | '.join(learners)} |",
        f"|---{'|---' * len(learners)}|",
    ]
    for result in results:
        cells = [_cell(result, learner) for learner in learners]
        name = f"{result.table} ({result.n_rows}, {result.n_anomalies})"
        lines.append(f"| {name} | {' | '.join(cells)} |")
    if len(results) > 1:
        cells = [f"{totals(results, learner):.1f}" for learner in learners]
        lines.append(f"| total after {settings.n_queries} | {' | '.join(cells)} |")
    coverage = [result for result in results if result.n_classes > 1]
    if coverage:
        lines += [
            "",
            f"Kinds of anomalies among the finds after {steps} questions:",
            "",
            f"| table (kinds) | {' | '.join(learners)} |",
            f"|---{'|---' * len(learners)}|",
        ]
        for result in coverage:
            cells = [
                "/".join(f"{result.classes(name, n).mean():.1f}" for n in settings.checkpoints)
                for name in learners
            ]
            lines.append(f"| {result.table} ({result.n_classes}) | {' | '.join(cells)} |")
        for result in coverage:
            lines += ["", *_until_half(result, learners)]
    return "\n".join(lines) + "\n"


def _until_half(result: BenchmarkResult, learners: Sequence[str]) -> list[str]:
    """Return how long each learner took to half of each kind of anomaly in one table."""
    n_queries, n_seeds = result.settings.n_queries, result.settings.n_seeds
    lines = [
        f"Questions until half were found in {result.table}, mean and standard deviation of the "
        f"{n_seeds} seeds; those that did not get there are counted as {n_queries}, and "
        "marked with >.",
        "",
        f"| half of | {' | '.join(learners)} |",
        f"|---{'|---' * len(learners)}|",
    ]
    for kind in ("", *result.kinds):
        cells = [_questions(result.until_half(name, kind), n_queries) for name in learners]
        lines.append(f"| {kind or 'all anomalies'} | {' | '.join(cells)} |")
    cells = [_questions(result.until_half_of_kinds(name), n_queries) for name in learners]
    lines.append(f"| the {result.n_classes} kinds, one of each | {' | '.join(cells)} |")
    return lines


def _questions(counts: NDArray[np.float64], n_queries: int) -> str:
    never = not np.isfinite(counts).all()
    counts = np.nan_to_num(counts, nan=n_queries)
    return f"{'> ' if never else ''}{counts.mean():.0f} ({counts.std():.0f})"


def totals(results: Sequence[BenchmarkResult], learner: str) -> float:
    """Return the mean number of finds after all questions, summed over tables."""
    last = results[0].settings.n_queries
    return float(sum(result.found(learner, last).mean() for result in results))


def write_report(results: Sequence[BenchmarkResult], path: Path) -> tuple[Path, Path]:
    """Write the Markdown to `path` and the picture beside it; return both paths.

    Raises
    ------
    ModelError
        If they cannot be written.
    """
    picture = path.with_suffix(".png")
    try:
        path.write_text(markdown(results) + f"\n![finds against questions]({picture.name})\n")
        _draw(results, picture)
    except OSError as error:
        raise ModelError(f"cannot write the report {path}: {error.strerror or error}") from error
    return path, picture


def _cell(result: BenchmarkResult, learner: str) -> str:
    found = [result.found(learner, n) for n in result.settings.checkpoints]
    means = "/".join(f"{counts.mean():.1f}" for counts in found)
    return f"{means} ({found[-1].std():.1f}); {result.step_ms(learner):.0f} ms"


def _draw(results: Sequence[BenchmarkResult], picture: Path) -> None:
    from matplotlib.figure import Figure  # a second of import that only pictures need

    n_columns = min(3, len(results))
    n_rows = -(-len(results) // n_columns)
    figure = Figure(figsize=(4.5 * n_columns, 3.5 * n_rows), layout="constrained")
    axes = np.ravel(figure.subplots(n_rows, n_columns, squeeze=False))
    for panel, result in zip(axes, results, strict=False):
        for learner, replays in result.replays.items():
            found = np.array([replay.found for replay in replays])
            queries = np.arange(1, found.shape[1] + 1)
            mean, sd = found.mean(axis=0), found.std(axis=0)
            (line,) = panel.plot(queries, mean, label=learner)
            panel.fill_between(queries, mean - sd, mean + sd, color=line.get_color(), alpha=0.15)
        panel.set_title(result.table, fontsize=9)
        panel.set_xlabel("questions")
        panel.set_ylabel("anomalies found")
    for panel in axes[len(results) :]:
        panel.set_visible(False)
    axes[0].legend(fontsize=8)
    figure.savefig(picture, dpi=120)
