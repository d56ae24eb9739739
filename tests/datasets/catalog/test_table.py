"""The table of the README is the catalogue's."""

from datasets.catalog import CATALOG
from datasets.catalog.sets import SETS
from datasets.catalog.table import HEAD, markdown, rows, rows_here


def test_readme_shows_the_entries_as_they_are(repository):
    text = (repository / "datasets/catalog/README.md").read_text(encoding="utf-8")
    table = text.split("<!-- table -->\n")[1].split("<!-- end of table -->")[0]
    assert table == markdown(row.cells for row in rows())


def test_every_edition_and_file_is_a_row():
    names = [row.name for row in rows()]
    assert set(names) == {*SETS, *CATALOG}
    assert len(names) == sum(len(one.editions) for one in SETS.values()) + len(CATALOG)


def test_row_says_counts_licence_size_and_origin():
    (row,) = (row for row in rows() if row.name == "coco-persons")
    assert row.counts.startswith("train: 118,287 samples; validation: 5,000 samples, 10,777 boxes")
    assert (row.commercial_use, row.size, row.origin) == ("no", "20.4 GB", "download")
    (row,) = (row for row in rows() if row.name == "market1501")
    assert (row.size, row.origin) == ("?", "by hand")


def test_here_a_set_stands_once_as_it_would_come(mirror, tmp_path):
    (row,) = (row for row in rows_here(tmp_path) if row.name == "fairface")
    assert row.origin == "local mirror (a part, in 128×128)"


def test_no_cell_breaks_the_table():
    for row in rows():
        assert len(row.cells) == len(HEAD)
        assert not any("|" in cell or "\n" in cell for cell in row.cells)
