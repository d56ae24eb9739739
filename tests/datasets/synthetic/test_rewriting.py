"""Data sets with occluders on: nothing kept unmasked in silence, all labels kept."""

from collections import Counter

import cv2
import numpy as np
import pytest

from datasets.dataset import Dataset
from datasets.samples import Attributes, Box, Sample, Split
from datasets.synthetic.kinds import mixture, occluder_of
from datasets.synthetic.masks import MaskKind, MaskOccluder, Wear
from datasets.synthetic.rewriting import Rewriter
from serving.core.errors import ConfigError, DatasetError
from serving.core.labels import AgeBand, Gender, Mask
from tests.datasets.synthetic.made_up import face_of, pose_of, skin

FACELESS = 10
"""A picture whose first pixel has this value shows no face."""


class OneFace:
    """Finds the made-up face in every picture that is not marked as faceless."""

    def find(self, image_bgr):
        return () if image_bgr[0, 0, 0] == FACELESS else (face_of(pose_of()),)


class TwoFaces:
    def find(self, image_bgr):
        near = face_of(pose_of(unit_px=30, origin_px=(50, 60)))
        return near, face_of(pose_of(unit_px=15, origin_px=(120, 60)))


def picture(folder, name, seed=0, faceless=False):
    image = skin(seed=seed)
    if faceless:
        image[:] = FACELESS
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(cv2.imencode((folder / name).suffix, image)[1].tobytes())
    return name


def dataset(folder, samples):
    options = {"name": "made-up", "source": "a test", "licence": "CC0", "commercial_use": True}
    return Dataset.create(folder, samples, **options)


@pytest.fixture
def five(tmp_path):
    folder = tmp_path / "old"
    samples = [
        Sample(
            picture(folder, f"images/{index}.png", seed=index),
            image_size_hw=(160, 160),
            split=Split.TRAIN,
            identity=f"p{index}",
            attributes=Attributes(age_band=AgeBand.FROM_20_TO_29, gender=Gender.MALE),
            tags=("kept",),
            properties={"race": "x"},
        )
        for index in range(5)
    ]
    return dataset(folder, samples)


def rewritten(source, into, kind="surgical", finder=None, **options):
    return Rewriter(occluder_of(kind), finder or OneFace(), **options).rewrite(source, into)


def test_labels_are_kept_and_the_mask_state_is_added(five, tmp_path):
    result = rewritten(five, tmp_path / "new")
    assert result.drawn == Counter({"mask:surgical": 5, "worn:covering": 5})
    loaded = Dataset.load(tmp_path / "new")
    loaded.manifest.verify(tmp_path / "new")
    for old, new in zip(five.samples, loaded.samples, strict=True):
        assert new.attributes == Attributes(
            age_band=AgeBand.FROM_20_TO_29, gender=Gender.MALE, mask=Mask.MASKED
        )
        assert (new.path, new.split, new.identity) == (old.path, old.split, old.identity)
        assert new.tags == ("kept", "synthetic", "mask:surgical", "worn:covering")
        assert new.properties == {"race": "x", "original": old.key}


def test_the_new_set_states_its_origin(five, tmp_path):
    manifest = rewritten(five, tmp_path / "new", seed=7).dataset.manifest
    assert manifest.name == "made-up-occluded"
    assert manifest.parent_sha256 == five.manifest.sha256
    assert (manifest.licence, manifest.commercial_use) == ("CC0", True)
    assert "seed 7" in manifest.source


def test_the_old_pictures_stay_as_they_were(five, tmp_path):
    rewritten(five, tmp_path / "new")
    five.manifest.verify(five.folder)
    for sample in five.samples:
        new = cv2.imread(str(tmp_path / "new" / sample.path))
        assert not np.array_equal(new, cv2.imread(str(five.path_of(sample))))


def test_a_second_run_gives_the_same_data_and_another_seed_other_data(five, tmp_path):
    hashes = [
        rewritten(five, tmp_path / name, seed=seed).dataset.manifest.files
        for name, seed in (("a", 3), ("b", 3), ("c", 4))
    ]
    assert hashes[0] == hashes[1]
    assert hashes[0] != hashes[2]


def test_what_is_drawn_on_one_sample_does_not_depend_on_the_others(five, tmp_path):
    all_five = rewritten(five, tmp_path / "a").dataset
    last = dataset(five.folder, five.samples[4:])
    alone = rewritten(last, tmp_path / "b").dataset
    of_file = {entry.path: entry.sha256 for entry in all_five.manifest.files}
    (entry,) = (entry for entry in alone.manifest.files if entry.path.endswith(".png"))
    assert of_file[entry.path] == entry.sha256


def test_pictures_without_a_face_are_left_out_and_counted(tmp_path):
    folder = tmp_path / "old"
    samples = [
        Sample(picture(folder, "face.png")),
        Sample(picture(folder, "wall.png", faceless=True)),
        Sample("gone.png"),
        Sample("clip.mp4"),
    ]
    result = rewritten(dataset(folder, samples), tmp_path / "new")
    assert [sample.path for sample in result.dataset.samples] == ["face.png"]
    assert result.left_out == Counter(
        {"no face found": 1, "file missing": 1, "a clip, not a picture": 1}
    )
    assert not (tmp_path / "new" / "wall.png").exists()


def test_a_face_is_guessed_only_when_asked_for(tmp_path):
    folder = tmp_path / "old"
    source = dataset(folder, [Sample(picture(folder, "wall.png", faceless=True))])
    with pytest.raises(DatasetError, match=r"found none in 1 samples \(no face found: 1\)"):
        rewritten(source, tmp_path / "a")
    assert not (tmp_path / "a" / "manifest.json").exists()
    result = rewritten(source, tmp_path / "b", assumed_margin=0.25)
    assert result.drawn["mask:surgical"] == 1


def test_a_share_is_drawn_on_and_the_rest_is_taken_over(tmp_path):
    folder = tmp_path / "old"
    samples = [Sample(picture(folder, f"{index}.png", index)) for index in range(40)]
    result = rewritten(dataset(folder, samples), tmp_path / "new", share=0.5)
    masked = [sample for sample in result.dataset.samples if "synthetic" in sample.tags]
    assert 10 <= len(masked) <= 30
    assert result.untouched == Counter({"not chosen": 40 - len(masked)})
    for sample in result.dataset.samples:
        same = (folder / sample.path).read_bytes() == result.dataset.path_of(sample).read_bytes()
        assert same == ("synthetic" not in sample.tags)
        assert (sample.attributes.mask is None) == same


def test_nobody_gets_a_second_mask_but_a_hood(tmp_path):
    folder = tmp_path / "old"
    worn = Attributes(mask=Mask.INCORRECT)
    samples = [Sample(picture(folder, "a.png")), Sample(picture(folder, "b.png"), attributes=worn)]
    source = dataset(folder, samples)
    result = rewritten(source, tmp_path / "masks")
    assert result.untouched == Counter({"mask already on": 1})
    kept = result.dataset.samples[1]
    assert kept.attributes.mask is Mask.INCORRECT
    assert "synthetic" not in kept.tags
    assert (folder / "b.png").read_bytes() == (tmp_path / "masks" / "b.png").read_bytes()
    hooded = rewritten(source, tmp_path / "hoods", kind="hood")
    assert hooded.drawn == Counter({"on:hood": 2})
    assert hooded.dataset.samples[1].attributes.mask is Mask.INCORRECT


def test_of_boxes_the_smallest_around_the_face_gets_the_state(tmp_path):
    folder = tmp_path / "old"
    boxes = (
        Box((0, 0, 100, 160), "person"),
        Box((20, 30, 80, 120), "face"),
        Box((100, 40, 150, 90), "face", attributes=Attributes(mask=Mask.UNMASKED)),
        Box((0, 140, 10, 150), "bag"),
    )
    source = dataset(folder, [Sample(picture(folder, "a.png"), boxes=boxes)])
    result = rewritten(source, tmp_path / "new", finder=TwoFaces())
    (sample,) = result.dataset.samples
    states = [box.attributes.mask for box in sample.boxes]
    assert states == [None, Mask.MASKED, Mask.MASKED, None]
    assert sample.attributes.mask is None
    assert result.drawn["mask:surgical"] == 2


def test_without_boxes_the_largest_face_alone_is_drawn_on(tmp_path):
    folder = tmp_path / "old"
    source = dataset(folder, [Sample(picture(folder, "a.png"))])
    result = rewritten(source, tmp_path / "new", finder=TwoFaces())
    assert result.drawn["mask:surgical"] == 1
    new, old = (cv2.imread(str(at / "a.png")) for at in (tmp_path / "new", folder))
    np.testing.assert_array_equal(new[:, 110:], old[:, 110:])


def test_a_face_outside_the_picture_is_not_labelled(tmp_path):
    class Outside:
        def find(self, image_bgr):
            return (face_of(pose_of(origin_px=(80, -90))),)

    folder = tmp_path / "old"
    source = dataset(folder, [Sample(picture(folder, "a.png"))])
    with pytest.raises(DatasetError, match="face cut off: 1"):
        rewritten(source, tmp_path / "new", finder=Outside())


def test_formats_that_cannot_be_written_become_png_beside_what_is_there(tmp_path):
    folder = tmp_path / "old"
    png, tiff = picture(folder, "a.png", 1), picture(folder, "a.tiff", 2)
    jpeg, webp = picture(folder, "Ä b.JPG", 3), picture(folder, "c.webp", 4)
    source = dataset(folder, [Sample(path) for path in (tiff, png, jpeg, webp)])
    result = rewritten(source, tmp_path / "new")
    originals = {s.path: s.properties["original"] for s in result.dataset.samples}
    assert originals == {
        "a-occluded.png": "a.tiff", "a.png": "a.png", "Ä b.JPG": "Ä b.JPG", "c.webp": "c.webp",
    }  # fmt: skip


def test_frames_of_a_video_become_pictures(tmp_path):
    folder = tmp_path / "old"
    folder.mkdir()
    writer = cv2.VideoWriter(str(folder / "v.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 5, (160, 160))
    for seed in range(3):
        writer.write(skin(seed=seed))
    writer.release()
    source = dataset(folder, [Sample("v.avi", frame_index=0), Sample("v.avi", frame_index=2)])
    result = rewritten(source, tmp_path / "new")
    assert [(s.path, s.frame_index, s.properties["original"]) for s in result.dataset.samples] == [
        ("v-000000.png", None, "v.avi#0"),
        ("v-000002.png", None, "v.avi#2"),
    ]


def test_a_broken_picture_is_named(tmp_path):
    folder = tmp_path / "old"
    picture(folder, "a.png")
    (folder / "empty.png").write_bytes(b"")
    source = dataset(folder, [Sample("a.png"), Sample("empty.png")])
    with pytest.raises(DatasetError, match=r"empty\.png: expected a picture, got an empty file"):
        rewritten(source, tmp_path / "new")
    assert not (tmp_path / "new" / "manifest.json").exists()


def test_a_folder_that_holds_a_data_set_is_refused(five, tmp_path):
    with pytest.raises(DatasetError, match="expected a new or an empty folder"):
        rewritten(five, five.folder)
    five.manifest.verify(five.folder)


@pytest.mark.parametrize(
    "options", [{"share": 1.5}, {"share": -0.1}, {"seed": -1}, {"assumed_margin": -0.2}]
)
def test_options_outside_their_range_are_refused(options):
    with pytest.raises(ConfigError, match="expected"):
        Rewriter(mixture(), OneFace(), **options)


def test_the_way_a_mask_is_worn_stands_in_the_tags(five, tmp_path):
    rewriter = Rewriter(MaskOccluder(MaskKind.CLOTH, Wear.NOSE_OUT), OneFace())
    result = rewriter.rewrite(five, tmp_path / "new")
    assert {sample.attributes.mask for sample in result.dataset.samples} == {Mask.INCORRECT}
    assert result.dataset.samples[0].tags[-2:] == ("mask:cloth", "worn:nose-out")
