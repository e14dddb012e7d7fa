"""`fink-ad counts`: what became of every alert, night by night."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from fink_ad.cli.app import err, out, print_json, state_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fink_ad.store import CountKey

__all__ = ["counts"]

_SUMMED = ("scored", "filtered", "duplicate", "dead_letter")


def counts(
    context: typer.Context,
    night: Annotated[
        int | None, typer.Option(help="Only this night, YYYYMMDD.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show the counts of each night: in = scored + filtered + duplicates + dead letters.

    Packets that told neither time nor survey stand under night 0; `withheld` are scored alerts
    that a filter kept from becoming candidates. Exit code 1 if a sum does
    not hold.
    """
    with state_of(context).open_store() as store:
        found = store.counts(night=night)
    rows = _rows(found)
    if as_json:
        print_json(rows)
    elif not rows:
        out.print("Nothing was read" + (f" in night {night}." if night is not None else " yet."))
    else:
        out.print(_table(rows))
    wrong = [row for row in rows if not row["adds_up"]]
    for row in wrong:
        told = f"night {row['night']} {row['survey']}: the sum does not hold"
        err.print(told, style="bold red", markup=False)
    if wrong:
        raise typer.Exit(1)


def _rows(found: Mapping[CountKey, int]) -> list[dict[str, Any]]:
    nights: dict[tuple[int, str], Counter[str]] = defaultdict(Counter)
    reasons: dict[tuple[int, str, str], dict[str, int]] = defaultdict(dict)
    for key, n in found.items():
        if n:
            nights[key.night, key.survey][key.kind] += n
            if key.reason:
                reasons[key.night, key.survey, key.kind][key.reason] = n
    rows = []
    for (night, survey), kinds in sorted(nights.items()):
        row: dict[str, Any] = {"night": night, "survey": survey, "in": kinds["in"]}
        row |= {kind: kinds[kind] for kind in (*_SUMMED, "withheld")}
        row["reasons"] = {
            kind: dict(sorted(reasons[night, survey, kind].items()))
            for kind in ("filtered", "dead_letter", "withheld")
        }
        row["adds_up"] = kinds["in"] == sum(kinds[kind] for kind in _SUMMED)
        rows.append(row)
    return rows


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("night", "survey", "in", "scored", "filtered", "duplicate", "dead", "withheld"):
        table.add_column(heading, justify="left" if heading == "survey" else "right", no_wrap=True)
    table.add_column("reasons", overflow="fold", ratio=1)
    for row in rows:
        numbers = [f"{row[kind]:,}" for kind in ("in", *_SUMMED, "withheld")]
        why = [f"{reason} {n:,}" for told in row["reasons"].values() for reason, n in told.items()]
        style = None if row["adds_up"] else "bold red"
        cells = (str(row["night"]), row["survey"], *numbers, ", ".join(why))
        table.add_row(*map(escape, cells), style=style)
    return table
