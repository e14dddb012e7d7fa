"""`fink-ad catalogs`: which known objects alerts are compared with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from fink_ad.cli.app import err, out, print_json, state_of
from fink_ad.errors import FinkAdError

if TYPE_CHECKING:
    from fink_ad.catalogs import CatalogFolder, ReadPositions

__all__ = ["catalogs_app"]

N_REFUSED = 10
"""Refused rows that are shown."""

catalogs_app = typer.Typer(
    help="Catalogues of known objects: alerts near an entry get the tag `known:NAME`.",
    no_args_is_help=True,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Catalogue, as `list` shows it.")]


def _folder(context: typer.Context) -> CatalogFolder:
    from fink_ad.catalogs import CatalogFolder

    return CatalogFolder(state_of(context).settings.home)


@catalogs_app.command()
def add(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Parquet, CSV or FITS table.")],
    name: Annotated[str, typer.Option(help="Name of the catalogue, for the tag `known:NAME`.")],
    ra: Annotated[str, typer.Option(help="Column of right ascensions.")] = "ra",
    dec: Annotated[str, typer.Option(help="Column of declinations.")] = "dec",
    radius: Annotated[
        float, typer.Option(help="An alert this near an entry is taken to be it, in arcsec.")
    ] = 1.5,
) -> None:
    """Add the positions of a table as a catalogue, or replace the one of that name.

    Numbers are degrees; text may be sexagesimal, right ascensions then in hours. Rows without
    a position are left out, rows outside the sky are refused; both are told. The next
    `fink-ad run` uses it; to drop what it holds instead of tagging it, set
    `provider.known_objects.drop`.
    """
    from fink_ad.catalogs import Catalog, read_positions

    folder = _folder(context)
    read = read_positions(path, ra, dec)
    catalog = Catalog(name, read.ra_deg, read.dec_deg, radius)
    replaces = name in folder.names()
    folder.add(catalog)
    _tell_left_out(read)
    done = "replaced" if replaces else "added"
    out.print(f"{done} {name}: {len(catalog):,} positions, radius {radius:g} arcsec")


def _tell_left_out(read: ReadPositions) -> None:
    if read.n_missing:
        err.print(f"left out: {read.n_missing:,} rows without a position", style="yellow")
    for refused in read.refused[:N_REFUSED]:
        line = f"refused: row {refused.row}: {refused.why}"
        err.print(line, style="yellow", markup=False, soft_wrap=True)
    if len(read.refused) > N_REFUSED:
        err.print(f"... {len(read.refused):,} rows refused in all", style="yellow")
    if len(read) >= 100 and read.ra_deg.max() <= 24 and read.dec_deg.max() > 30:
        err.print(
            "All right ascensions are below 24: are they decimal hours? They were taken for"
            " degrees.",
            style="yellow",
        )


@catalogs_app.command(name="list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the catalogues: name, positions, radius, hash of the content."""
    folder = _folder(context)
    rows: list[dict[str, Any]] = []
    for name in folder.names():
        try:
            catalog = folder.load(name)
        except FinkAdError as error:
            rows.append({"name": name, "error": str(error)})
            continue
        rows.append(
            {
                "name": name,
                "n_positions": len(catalog),
                "radius_arcsec": catalog.radius_arcsec,
                "content_hash": catalog.content_hash,
            }
        )
    if as_json:
        print_json(rows)
    elif not rows:
        out.print("No catalogues yet; [bold]fink-ad catalogs add FILE --name NAME[/bold] adds one.")
    else:
        table = Table("name", "positions", "radius", "content", box=None, pad_edge=False)
        for row in rows:
            if "error" in row:
                table.add_row(row["name"], "", "", row["error"], style="red")
                continue
            radius = f"{row['radius_arcsec']:g} arcsec"
            table.add_row(row["name"], f"{row['n_positions']:,}", radius, row["content_hash"][:12])
        out.print(table)
    if any("error" in row for row in rows):
        raise typer.Exit(1)


@catalogs_app.command()
def remove(context: typer.Context, name: Name) -> None:
    """Forget a catalogue; tags given with it stay."""
    _folder(context).remove(name)
    out.print(f"removed {name}")
