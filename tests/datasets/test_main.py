"""What `python -m datasets` says and how it ends."""

from datasets.__main__ import main


def test_a_place_that_is_no_folder_is_one_line_and_code_1(tmp_path, capsys):
    taken = tmp_path / "taken"
    taken.write_text("a file, not a folder")
    assert main(["get", "vtest", "--data-dir", str(taken)]) == 1
    path = taken / "vtest.avi"
    expected = f"error: data set 'vtest': expected to write {path} of 8,131,690 bytes, got File"
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(expected)
    assert taken.read_text() == "a file, not a folder"
