"""The catalogue: one file for each public data set, and how to get it."""

from datasets.catalog.entry import CatalogEntry, mirror_root
from datasets.catalog.footage import FOOTAGE
from datasets.catalog.vtest import VTEST

CATALOG: dict[str, CatalogEntry] = {entry.name: entry for entry in (VTEST, *FOOTAGE)}

__all__ = ["CATALOG", "CatalogEntry", "mirror_root"]
