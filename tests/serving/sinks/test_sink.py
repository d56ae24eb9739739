"""Files that stand under their name only when they are whole."""

import pytest

from serving.core.errors import SinkError
from serving.sinks.sink import WholeFile, make_folder, partial_path


def test_file_has_its_name_only_after_close(tmp_path):
    path = tmp_path / "new" / "tracks.txt"
    file = WholeFile(path)
    file.write("one\n")

    assert not path.exists()
    assert partial_path(path).read_text() == "one\n"  # written before any flush or close

    file.write("two\n")
    file.close()
    assert path.read_text() == "one\ntwo\n"
    assert not partial_path(path).exists()


def test_abandoned_file_stays_partial_and_the_older_one_stays_whole(tmp_path):
    path = tmp_path / "tracks.txt"
    path.write_text("older\n")
    file = WholeFile(path)
    file.write("half")
    file.abandon()

    assert path.read_text() == "older\n"
    assert (tmp_path / "tracks.txt.partial").read_text() == "half"


def test_folder_in_the_files_place_is_refused(tmp_path):
    with pytest.raises(SinkError, match="expected a file to write, got a folder"):
        make_folder(tmp_path)


def test_file_in_the_folders_place_is_refused(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(SinkError, match=r"tracks\.txt: cannot be written: "):
        WholeFile(tmp_path / "out" / "tracks.txt")
