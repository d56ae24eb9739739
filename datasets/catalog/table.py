"""The catalogue as a table: for `get --list`, and for the README, which a test holds to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from datasets.catalog import CATALOG
from datasets.catalog.entry import AddressOrigin, CatalogEntry, MirrorOrigin, Origin
from datasets.catalog.fetching import DOWNLOADS
from datasets.catalog.parts import Published
from datasets.catalog.public_set import Edition, Place, PublicSet, Use
from datasets.catalog.sets import SETS
from datasets.samples import VIDEO_SUFFIXES

HEAD = ("name", "use", "counts", "licence", "commercial use", "size", "from")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: an edition of a set, or a single file."""

    name: str
    use: str
    counts: str
    licence: str
    commercial_use: str
    size: str
    origin: str

    @property
    def cells(self) -> tuple[str, ...]:
        """In the order of `HEAD`."""
        return (
            self.name,
            self.use,
            self.counts,
            self.licence,
            self.commercial_use,
            self.size,
            self.origin,
        )


def rows() -> list[Row]:
    """All sets with all their editions, then the single files; the same on every machine."""
    of_sets = [_row_of(one, edition) for one in SETS.values() for edition in one.editions]
    return of_sets + [_row_of_file(entry) for entry in CATALOG.values()]


def rows_here(data_dir: Path) -> list[Row]:
    """Each set as it would be fetched now on this machine, then the single files.

    Args:
        data_dir: the folder of all data, below which a person puts what was fetched by hand.
    """
    chosen = [(one, one.edition(data_dir / DOWNLOADS / one.name)) for one in SETS.values()]
    of_sets = [_row_of(one, edition) for one, edition in chosen if edition is not None]
    return of_sets + [_row_of_file(entry) for entry in CATALOG.values()]


def markdown(lines: Iterable[Sequence[str]], head: Sequence[str] = HEAD) -> str:
    """A table as Markdown has it."""
    whole = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in whole) + "\n"


def _row_of(public_set: PublicSet, edition: Edition) -> Row:
    note = f" ({edition.note})" if edition.note else ""
    return Row(
        public_set.name,
        str(public_set.use),
        "; ".join(count.text for count in edition.counts) or "not asserted",
        public_set.licence,
        _yes_no(public_set.commercial_use),
        _size(edition.size_bytes),
        _origin(edition) + note,
    )


def _row_of_file(entry: CatalogEntry) -> Row:
    is_footage = PurePosixPath(entry.file_name).suffix in VIDEO_SUFFIXES
    places = ", ".join(dict.fromkeys(_place_of(origin) for origin in entry.origins))
    return Row(
        entry.name,
        str(Use.FOOTAGE) if is_footage else "model",
        "one file",
        entry.licence,
        _yes_no(entry.commercial_use),
        _size(entry.size_bytes),
        places,
    )


def _place_of(origin: Origin) -> str:
    if isinstance(origin, MirrorOrigin):
        return "local mirror"
    return "download" if isinstance(origin, AddressOrigin) else origin.description


def _origin(edition: Edition) -> str:
    if edition.place is Place.MIRROR:
        return "local mirror"
    parts = [part for part in edition.parts if isinstance(part, Published)]
    if any(part.by_hand for part in parts):
        return "by hand" if all(part.by_hand for part in parts) else "download, a part by hand"
    return "download"


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"


def _size(size_bytes: int | None) -> str:
    if size_bytes is None:
        return "?"
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.1f} MB"
