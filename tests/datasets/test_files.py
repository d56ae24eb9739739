"""Files that are written whole or not at all."""

import errno
import os

import pytest

from datasets import files
from datasets.files import copy_atomically, inside, open_atomically, room_for, write_atomically
from serving.core.errors import SinkError


def copied(path, text):
    source = path.with_name("source")
    source.write_text(text)
    copy_atomically(source, path)


def test_file_and_its_folders_are_made_and_an_older_one_is_replaced(tmp_path):
    path = tmp_path / "new" / "notes.txt"
    for content in ("older", "newer"):
        assert write_atomically(path, content) == path
    assert path.read_text() == "newer"
    assert list(path.parent.iterdir()) == [path]


def test_pipe_or_device_is_refused_and_not_replaced(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(OSError, match=r"expected a file to write, got a device.*pipe"):
        write_atomically(path, "text")
    assert path.is_fifo()
    assert list(tmp_path.iterdir()) == [path]


def test_folder_is_refused_with_nothing_left(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(IsADirectoryError, match="expected a file to write, got a folder"):
        write_atomically(path, "text")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("write", [write_atomically, copied])
def test_what_cannot_be_written_is_named_and_not_the_file_beside_it(tmp_path, monkeypatch, write):
    def closed(**place):
        raise PermissionError(errno.EACCES, "Permission denied", f"{place['dir']}/.name.xyz")

    monkeypatch.setattr(files.tempfile, "mkstemp", closed)
    with pytest.raises(PermissionError) as caught:
        write(tmp_path / "name", "text")
    assert caught.value.filename == str(tmp_path / "name")


def test_links_in_a_circle_lead_nowhere(tmp_path):
    (tmp_path / "circle").symlink_to("circle")
    assert not inside(tmp_path, "circle").is_file()


def test_what_a_full_disk_had_no_room_for_is_said():
    message = "run in out: expected room for it, got No space left on device .out/a.txt."
    with pytest.raises(SinkError, match=message), room_for("run in out"):
        raise OSError(errno.ENOSPC, "No space left on device", "a.txt", None, "out/a.txt")


def test_other_errors_are_not_taken_for_a_full_disk():
    with pytest.raises(FileNotFoundError), room_for("run in out"):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", "a.txt")


def test_file_written_piece_by_piece_is_there_whole_or_as_it_was(tmp_path):
    path = write_atomically(tmp_path / "notes.txt", "older")
    with pytest.raises(KeyError), open_atomically(path) as file:
        file.write(b"half")
        raise KeyError
    assert path.read_text() == "older"
    with open_atomically(path) as file:
        file.write(b"one, ")
        file.write(b"two")
    assert path.read_text() == "one, two"
    assert list(tmp_path.iterdir()) == [path]
