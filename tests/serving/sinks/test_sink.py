"""Files that stand under their name only when they are whole."""

import os

import pytest

from serving.core.errors import ConfigError, SinkError
from serving.sinks.sink import WholeFile, make_folder, partial_path, require_apart
from serving.sinks.store import RunStore, Store
from serving.sinks.video import AnnotatedVideo


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


@pytest.mark.parametrize("sink", [WholeFile, RunStore, Store, AnnotatedVideo])
def test_pipe_or_device_is_refused_and_not_replaced(sink, tmp_path):
    path = tmp_path / "pipe.mp4"
    os.mkfifo(path)
    with pytest.raises(SinkError, match=r"pipe\.mp4: expected a file to write, got a device"):
        sink(path)
    assert path.is_fifo()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "output", ["shop.avi", "./pictures/../shop.avi", "link.avi", "pictures/out.txt"]
)
def test_output_that_changes_an_input_is_refused_under_any_name(output, tmp_path):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "shop.avi").touch()
    (tmp_path / "link.avi").symlink_to("shop.avi")
    inputs = [tmp_path / "shop.avi", tmp_path / "pictures"]
    with pytest.raises(ConfigError, match="expected a path apart from what is read"):
        require_apart([tmp_path / "other.txt", tmp_path / output], inputs)


def test_partial_file_of_an_earlier_run_can_be_read_but_not_replaced(tmp_path):
    earlier = tmp_path / "video.mp4.partial"
    require_apart([tmp_path / "again.mp4"], [earlier])
    with pytest.raises(ConfigError, match=r"video\.mp4: .* changes .*video\.mp4\.partial"):
        require_apart([tmp_path / "video.mp4"], [earlier])
