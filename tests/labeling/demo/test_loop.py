import pytest

from labeling.demo.loop import empty_folder
from serving.core.errors import LabelingError


def test_what_a_former_run_made_is_replaced(tmp_path):
    folder = tmp_path / "deep" / "demo"
    empty_folder(folder)
    (folder / "v1").mkdir()
    empty_folder(folder)
    assert [path.name for path in folder.iterdir()] == ["made-by-label-demo"]


def test_a_folder_of_the_user_is_never_deleted(tmp_path):
    kept = tmp_path / "thesis.txt"
    kept.write_text("years of work")
    with pytest.raises(LabelingError, match="expected an empty folder"):
        empty_folder(tmp_path)
    with pytest.raises(LabelingError, match="got a file"):
        empty_folder(kept)
    assert kept.read_text() == "years of work"
