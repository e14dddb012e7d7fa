"""Catalogues of known objects: read from files, kept in the home folder, matched on the sky."""

from fink_ad.catalogs.catalog import CATALOGS, Catalog, Catalogs, Matches
from fink_ad.catalogs.folder import CatalogFolder
from fink_ad.catalogs.reading import ReadPositions, RefusedRow, read_positions

__all__ = [
    "CATALOGS",
    "Catalog",
    "CatalogFolder",
    "Catalogs",
    "Matches",
    "ReadPositions",
    "RefusedRow",
    "read_positions",
]
