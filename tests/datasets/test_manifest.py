import json
from pathlib import Path

import pytest

from datasets.manifest import FILE_NAME, Manifest, distinct_names
from serving.core.errors import DatasetError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "b.jpg").write_bytes(b"b")
    (tmp_path / "a.json").write_bytes(b"a")
    return tmp_path


def manifest_of(folder) -> Manifest:
    paths = [folder / "images" / "b.jpg", folder / "a.json"]
    return Manifest.of_files(
        paths, folder, name="site", source="cameras", licence="CC BY 4.0", commercial_use=True
    )


def test_a_name_has_as_many_folders_as_tell_it_from_the_others():
    paths = ["/x/a/cam/1.png", "/x/b/cam/1.png", "/x/b/labels.json", "/labels.json", "/x/v.avi"]
    assert distinct_names([Path(path) for path in paths]) == {
        Path("/x/a/cam/1.png"): "a/cam/1.png",
        Path("/x/b/cam/1.png"): "b/cam/1.png",
        Path("/x/b/labels.json"): "b/labels.json",
        Path("/labels.json"): "/labels.json",
        Path("/x/v.avi"): "v.avi",
    }


def test_the_hash_does_not_depend_on_the_order_of_the_files(folder):
    manifest = manifest_of(folder)
    shuffled = Manifest("site", "cameras", "CC BY 4.0", True, manifest.files[::-1])
    assert shuffled.sha256 == manifest.sha256


def test_the_hash_changes_with_the_content_of_a_file(folder):
    before = manifest_of(folder).sha256
    (folder / "a.json").write_bytes(b"A")
    assert manifest_of(folder).sha256 != before


def test_a_written_manifest_reads_back(folder):
    manifest = manifest_of(folder)
    manifest.write(folder)
    assert Manifest.read(folder) == manifest
    manifest.verify(folder)


def test_a_changed_file_is_named(folder):
    manifest = manifest_of(folder)
    (folder / "images" / "b.jpg").write_bytes(b"c")
    with pytest.raises(DatasetError, match=r"b\.jpg: expected sha256"):
        manifest.verify(folder)


def test_a_missing_file_is_named(folder):
    manifest = manifest_of(folder)
    (folder / "a.json").unlink()
    with pytest.raises(DatasetError, match=r"expected file .*a\.json, got none"):
        manifest.verify(folder)


def test_a_manifest_whose_list_was_edited_is_refused(folder):
    path = manifest_of(folder).write(folder)
    path.write_text(path.read_text().replace("a.json", "z.json"))
    with pytest.raises(DatasetError, match="expected schema 1 and sha256"):
        Manifest.read(folder)


def test_a_truncated_manifest_is_refused(folder):
    path = manifest_of(folder).write(folder)
    path.write_text(path.read_text()[:30])
    with pytest.raises(DatasetError, match="expected a manifest"):
        Manifest.read(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": None}, "name: input should be a valid string, got None"),
        ({"version": "two"}, "version: input should be a valid integer, got 'two'"),
        ({"files": "a.json"}, "files: input should be a valid"),
        (
            {"files": [{"path": "../a", "sha256": "0", "size_bytes": 1}]},
            "path: expected one inside",
        ),
        ({"more": 1}, "more: unexpected keyword argument, got 1"),
    ],
)
def test_a_value_of_another_kind_is_named(folder, change, message):
    path = manifest_of(folder).write(folder)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(DatasetError, match=f"manifest.json: expected a manifest: {message}"):
        Manifest.read(folder)


@pytest.mark.parametrize("content", [b"[" * 100_000, b"\xff\xfe", b"null", b"[]", b""])
def test_what_is_no_manifest_at_all_is_refused_in_words(folder, content):
    (folder / FILE_NAME).write_bytes(content)
    with pytest.raises(DatasetError, match=r"manifest.json: expected a manifest: \w"):
        Manifest.read(folder)


def test_a_folder_without_manifest_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=f"expected a {FILE_NAME}, got none"):
        Manifest.read(tmp_path)
