"""`python -m datasets get`: what it prints, and how it ends."""

import io

import pytest

from datasets.__main__ import main
from datasets.catalog import CATALOG, fetching
from datasets.catalog.sets import SETS
from datasets.commands.progress import Lines, MovingBars, shown
from datasets.dataset import Dataset
from tests.datasets.catalog.made_up_sets import MADE_UP


def test_list_shows_every_set_and_file(capsys):
    assert main(["get", "--list"]) == 0
    table = capsys.readouterr().out
    for name in [*SETS, *CATALOG]:
        assert name[:30] in table
    assert "CC BY 4.0" in table


def test_markdown_list_is_the_table_of_the_readme(capsys, repository):
    assert main(["get", "--list", "--markdown"]) == 0
    assert capsys.readouterr().out in (repository / "datasets/catalog/README.md").read_text()


def test_unknown_name_is_told_with_those_there_are_and_code_2(tmp_path, capsys):
    assert main(["get", "marked1501", "--data-dir", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: name: expected one of ")
    assert "market1501" in error
    assert error.endswith("got 'marked1501'\n")


def test_no_name_is_told_and_code_2(capsys):
    assert main(["get"]) == 2
    assert "expected one of" in capsys.readouterr().err


def test_set_that_a_person_must_fetch_says_what_from_where_and_to(tmp_path, capsys):
    assert main(["get", "market1501", "--data-dir", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert "from: https://drive.google.com/file/d/0B8-rUzbwVRk0c054eEozWG9COHM/view" in error
    assert f"to: {tmp_path}/downloads/market1501/Market-1501-v15.09.15.zip" in error


def test_wrong_count_is_told_and_code_1_and_can_be_accepted(tmp_path, capsys):
    MADE_UP["utkface"](tmp_path / "downloads/utkface")
    assert main(["get", "utkface", "--data-dir", str(tmp_path)]) == 1
    assert "samples: expected 23,708, got 2" in capsys.readouterr().err
    assert main(["get", "utkface", "--data-dir", str(tmp_path), "--despite-counts"]) == 0
    out = capsys.readouterr().out
    assert f"utkface: {tmp_path}/utkface (2 samples)" in out
    assert "not as published: 23,708 samples" in out
    assert len(Dataset.load(tmp_path / "utkface").samples) == 2


def test_mirror_s_set_is_ready_to_load_and_says_its_licence(mirror, tmp_path, capsys):
    assert main(["get", "pku-reid", "--data-dir", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "counted: 704 samples, 44 identities, 2 cameras" in out
    assert "commercial use not allowed" in out
    assert len(Dataset.load(tmp_path / "pku-reid").samples) == 704


def test_ctrl_c_ends_with_one_line(tmp_path, capsys, monkeypatch):
    def stopped(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fetching, "get_set", stopped)
    assert main(["get", "utkface", "--data-dir", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "stopped; what was fetched is kept for the next call\n"


def test_place_can_be_chosen(tmp_path, capsys):
    assert main(["get", "fairface", "--data-dir", str(tmp_path), "--from", "public"]) == 1
    assert "fairface_label_val.csv" in capsys.readouterr().err


def test_lines_tell_each_piece_of_work_and_its_tenths():
    stream = io.StringIO()
    report = Lines(stream).begin("fetching shop.zip", is_bytes=True)
    for done in range(0, 50_000_001, 1_000_000):
        report(done, 50_000_000)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "fetching shop.zip"
    assert lines[1] == "  fetching shop.zip: 5.0 MB of 50.0 MB"
    assert len(lines) == 10  # the start and nine tenths


def test_lines_without_a_known_end_tell_each_ten_thousand():
    stream = io.StringIO()
    report = Lines(stream).begin("reading", is_bytes=False)
    for done in range(1_000, 25_001, 1_000):
        report(done, None)
    assert stream.getvalue().splitlines()[1:] == ["  reading: 10,000", "  reading: 20,000"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "kind"), [(io.StringIO(), Lines), (Terminal(), MovingBars)])
def test_bars_move_on_a_terminal_alone(stream, kind):
    with shown(stream) as progress:
        assert isinstance(progress, kind)
        progress.begin("fetching", is_bytes=True)(5_000_000, 10_000_000)
        progress.begin("reading", is_bytes=False)(5, None)
    text = stream.getvalue()
    assert "fetching" in text
    assert "reading" in text
    assert kind is Lines or "5.0 MB of 10.0 MB" in text
