import json
import os
from pathlib import Path

import pytest

from datasets.dataset import SAMPLES_NAME, Dataset, read_samples, write_samples
from datasets.manifest import Manifest
from datasets.samples import Attributes, Box, Provenance, Sample, Span, Split
from serving.core.errors import DatasetError
from serving.core.labels import AgeBand, Gender, Mask

FULL = Sample(
    "images/Tür/é.jpg",
    image_size_hw=(480, 640),
    camera="door",
    captured_at=1_700_000_000.25,
    source="2024-05-01.mp4",
    split=Split.TRAIN,
    label="entrance",
    identity="17",
    attributes=Attributes(AgeBand.FROM_70, 71.5, Gender.FEMALE, Mask.INCORRECT),
    boxes=(
        Box(
            (0.1, 2, 3.5, 4),
            "person",
            track_id="t",
            identity="i",
            group="g",
            score=0.25,
            is_ignored=True,
            is_occluded=False,
            visibility=0.5,
            xyz_m=(1, 2, 0),
            attributes=Attributes(mask=Mask.MASKED),
            properties={"pose": "Left"},
        ),
    ),
    tags=("unsure", "wichtig"),
    provenance=(Provenance("anna@example.org", 1_700_000_100.0),),
    properties={"weather": "rain"},
)
CLIP = Sample("clip.mp4", spans=(Span(0.5, 1.5, "concealing", 0.9),), duration_s=3.0)


def make(folder, samples=(FULL, CLIP), **values):
    (folder / "images" / "Tür").mkdir(parents=True, exist_ok=True)
    (folder / "images" / "Tür" / "é.jpg").write_bytes(b"picture")
    (folder / "clip.mp4").write_bytes(b"film")
    about = {"name": "shop", "source": "cameras", "licence": "private", "commercial_use": False}
    return Dataset.create(folder, samples, **(about | values))


def test_every_field_comes_back_as_it_was_written(tmp_path):
    made = make(tmp_path)
    assert Dataset.load(tmp_path) == made
    assert made.samples == (FULL, CLIP)


def test_the_manifest_lists_the_samples_and_their_files(tmp_path):
    paths = [entry.path for entry in make(tmp_path).manifest.files]
    assert paths == ["clip.mp4", "images/Tür/é.jpg", SAMPLES_NAME]


def test_the_hash_changes_with_a_label(tmp_path):
    before = make(tmp_path).manifest.sha256
    assert make(tmp_path, (FULL,)).manifest.sha256 != before


def test_labels_changed_behind_the_manifest_are_found(tmp_path):
    make(tmp_path)
    write_samples(tmp_path / SAMPLES_NAME, [CLIP])
    with pytest.raises(DatasetError, match=r"samples\.jsonl: expected sha256"):
        Dataset.load(tmp_path)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"path":"a.jpg","boxes":[{"xyxy_px":[1,2,', "line 2: Invalid JSON: EOF"),
        ('{"path":"a.jpg","split":"trian"}', "line 2: split: input should be 'train'.*got 'trian'"),
        ('{"path":"a.jpg","frame":3}', "line 2: frame: unexpected keyword argument"),
        ('{"path":"../a.jpg"}', "line 2: path: expected one inside"),
        ('{"path":"a","boxes":[{"xyxy_px":[3,0,1,1],"label":"p"}]}', r"boxes\.0: xyxy_px: exp"),
        ('{"path":"a.jpg","camera":7}', "camera: input should be a valid string, got 7"),
    ],
)
def test_a_line_that_is_no_sample_is_named(tmp_path, line, told):
    path = tmp_path / "s.jsonl"
    path.write_text('{"path":"fine.jpg"}\n' + line + "\n")
    with pytest.raises(DatasetError, match=told):
        list(read_samples(path))


def test_a_sample_that_stands_twice_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"expected each sample once, got \['clip.mp4'\]"):
        make(tmp_path, (CLIP, CLIP))


def test_the_next_version_knows_its_parent_and_shares_the_files(tmp_path):
    first = make(tmp_path / "v1")
    second = first.derive(tmp_path / "v2", [CLIP])
    assert second.manifest.version == 2
    assert second.manifest.parent_sha256 == first.manifest.sha256
    assert (tmp_path / "v2" / "clip.mp4").samefile(tmp_path / "v1" / "clip.mp4")
    assert not (tmp_path / "v2" / "images").exists()
    assert Dataset.load(tmp_path / "v2") == second


def test_a_new_version_never_replaces_one(tmp_path):
    first = make(tmp_path / "v1")
    first.derive(tmp_path / "v2", [CLIP])
    with pytest.raises(
        DatasetError, match=r"v2: expected a new or an empty folder, got one with content"
    ):
        first.derive(tmp_path / "v2", [FULL])


def killed_at(number, work):
    """Do the work in a process that dies at once, as it moves the file of this number in place."""
    child = os.fork()
    if child == 0:
        replace, left = Path.replace, [number]

        def replace_or_die(path, target):
            left[0] -= 1
            if left[0] == 0:
                os._exit(9)
            return replace(path, target)

        Path.replace = replace_or_die
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize(("moment", "is_new"), [(1, False), (2, False), (3, True)])
def test_a_write_killed_at_any_moment_leaves_the_version_before_or_the_new_one(
    tmp_path, moment, is_new
):
    before = make(tmp_path, (FULL,))
    new = (FULL, CLIP)
    assert killed_at(moment, lambda: make(tmp_path, new, version=2)) == 9
    found = Dataset.load(tmp_path)
    assert (found.samples, found.manifest.version) == ((new, 2) if is_new else ((FULL,), 1))
    found.manifest.verify(tmp_path)
    assert before.manifest.version == 1
    assert Dataset.load(tmp_path) == found
    assert make(tmp_path, new, version=2) == Dataset.load(tmp_path)
    assert not (tmp_path / ".samples.jsonl.next").exists()


def test_a_killed_write_is_read_where_the_folder_is_closed_to_writing(tmp_path, monkeypatch):
    make(tmp_path, (FULL,))
    assert killed_at(3, lambda: make(tmp_path, (FULL, CLIP))) == 9

    def closed(path, target):
        raise PermissionError(path)

    monkeypatch.setattr(Path, "replace", closed)
    assert Dataset.load(tmp_path).samples == (FULL, CLIP)


@pytest.mark.parametrize("moment", [1, 2, 3, 4])
def test_a_new_version_is_there_whole_or_not_at_all(tmp_path, moment):
    first = make(tmp_path / "v1")
    assert killed_at(moment, lambda: first.derive(tmp_path / "v2", [CLIP])) == 9
    assert not (tmp_path / "v2").exists()
    assert first.derive(tmp_path / "v2", [CLIP]) == Dataset.load(tmp_path / "v2")


def test_a_new_version_takes_nothing_that_a_link_leads_out_to(tmp_path):
    (tmp_path / "secret").write_text("not of this data set")
    first = make(tmp_path / "v1")
    (tmp_path / "v1" / "clip.mp4").unlink()
    (tmp_path / "v1" / "clip.mp4").symlink_to(tmp_path / "secret")
    with pytest.raises(DatasetError, match=r"inside it, got 'clip\.mp4', a link to .*secret"):
        first.derive(tmp_path / "v2", [CLIP])
    assert not (tmp_path / "v2").exists()


def test_a_new_version_takes_no_file_over_that_is_missing_or_changed(tmp_path):
    first = make(tmp_path / "v1")
    clip = tmp_path / "v1" / "clip.mp4"
    clip.write_bytes(b"fake")
    with pytest.raises(DatasetError, match=r"clip\.mp4 as in version 1, sha256 [0-9a-f]+, got"):
        first.derive(tmp_path / "v2", [CLIP])
    clip.unlink()
    with pytest.raises(DatasetError, match=r"expected a file .*clip\.mp4, got none"):
        first.derive(tmp_path / "v2", [CLIP])
    assert not (tmp_path / "v2").exists()
    assert first.derive(tmp_path / "v2", [FULL]).samples == (FULL,)


def test_a_new_version_cannot_name_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DatasetError, match=r"expected a file .*other\.jpg, got none"):
        make(tmp_path / "v1").derive(tmp_path / "v2", [Sample("other.jpg")])


def test_a_label_without_its_picture_is_kept(tmp_path):
    made = make(tmp_path, (FULL, Sample("view/000001", camera="HC3")))
    assert len(Dataset.load(tmp_path).samples) == 2
    assert "view/000001" not in [entry.path for entry in made.manifest.files]


def test_a_manifest_that_names_a_file_outside_is_refused(tmp_path):
    make(tmp_path)
    path = tmp_path / "manifest.json"
    values = json.loads(path.read_text())
    values["files"][0]["path"] = "../../etc/passwd"
    path.write_text(json.dumps(values))
    with pytest.raises(DatasetError, match="expected one inside the data set's folder"):
        Manifest.read(tmp_path)
