"""Measure every step of the street on this machine: ``make bench``.

Each part runs in a process of its own. Rates count processor time on one core, so that other work
on the machine disturbs them as little as possible; what somebody waits for is in seconds of the
clock.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.packets import REAL_DATA

# What is measured, by module and call; the name of each figure, and what it should reach.
PARTS: tuple[tuple[str, str], ...] = (
    ("decode", "run()"),
    ("features", "run()"),
    ("scoring", "run()"),
    ("learning", "run()"),
    ("neighbours", "run()"),
    ("writing", "run()"),
    ("catalogs", "run()"),
    ("simulator", "run()"),
    ("relearning", "run()"),
    ("pictures", "measure(200)"),
    ("review_page", "measure()"),
    ("street", "street('ztf', 100_000)"),
    ("street", "street('lsst', 5_000)"),
)
TARGETS = {
    "ZTF, columns": 12_000,
    "LSST with long histories, columns": 2_500,
    "statistics_ztf_25_points_per_s": 40_000,
    "static_rows_per_s": 150_000,
    "aad_100_labels_rows_per_s": 150_000,
    "history, all alerts": 50_000,
    "match against 1 million entries, 200,000 at once": 1_000_000,
    "ztf street": 6_000,
    "lsst street": 1_200,
}
LONGEST_S = {
    "picture, 95 % s of the processor": 0.3,
    "key to next candidate, median, s": 0.3,
    "first order after start, s": 10,
    "answer to order, 10 answers, s": 2,
    "answer to order, 100 answers, s": 2,
    "answer to order, 1000 answers, s": 2,
}
NEEDS_REAL_DATA = {"decode", "street"}


def measure(module: str, call: str) -> dict[str, Any]:
    """Run one part in a fresh process and return its figures."""
    code = f"import json; from benchmarks.{module} import *; print(json.dumps({call}))"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"benchmark {module}.{call} failed:\n{done.stderr}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main() -> None:
    console = Console()
    table = Table("step", "measured", "target", "ratio", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for module, call in PARTS:
        if module in NEEDS_REAL_DATA and not REAL_DATA.is_dir():
            console.print(f"left out: {module} {call}, no real alerts at {REAL_DATA}")
            continue
        console.print(f"[dim]{module} {call}[/dim]")
        for name, value in measure(module, call).items():
            table.add_row(name, *judged(name, value), style=None if reached(name, value) else "red")
    console.print(table)
    console.print(
        "Rates are alerts, rows or packets a second of processor time on one core; a ratio of 1 "
        "or more reaches the target."
    )


def judged(name: str, value: float) -> tuple[str, str, str]:
    """Return what was measured, its target, and how far it reaches that; empty without one."""
    told = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    if name in LONGEST_S:
        return told, f"< {LONGEST_S[name]}", f"{LONGEST_S[name] / value:.2f}"
    if name in TARGETS:
        return told, f"{TARGETS[name]:,}", f"{value / TARGETS[name]:.2f}"
    return told, "", ""


def reached(name: str, value: float) -> bool:
    return TARGETS.get(name, value) <= value <= LONGEST_S.get(name, value)


if __name__ == "__main__":
    main()
