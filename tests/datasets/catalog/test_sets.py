"""Every public set: its published layout on a made-up sample, and the mirror's for real."""

import hashlib
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from datasets.archives import members
from datasets.catalog import CATALOG
from datasets.catalog.count import Count, check_counts
from datasets.catalog.fetching import get_set
from datasets.catalog.parts import MirrorArchive, MirrorFiles, Published
from datasets.catalog.public_set import Edition, Place, PublicSet
from datasets.catalog.sets import SETS
from datasets.dataset import Dataset
from datasets.files import place_file
from datasets.formats.format import Losses
from datasets.samples import Sample, Split
from serving.core.errors import DatasetError, LabelError
from serving.core.labels import AgeBand, Gender, Mask
from tests.datasets.catalog.made_up_sets import MADE_UP


class Silent:
    def begin(self, what: str, *, is_bytes: bool) -> Callable[[int, int | None], None]:
        return lambda done, total: None


def unsigned(public_set: PublicSet) -> PublicSet:
    """The public edition alone, without the checksums of the real archives."""
    edition = public_set.edition(Path(), Place.PUBLIC)
    assert edition is not None
    parts = tuple(
        replace(part, digest=None) if isinstance(part, Published) else part
        for part in edition.parts
    )
    return replace(public_set, editions=(replace(edition, parts=parts),))


@pytest.fixture
def packed(tmp_path, sample_video) -> Callable[[str], PublicSet]:
    """Packs the made-up sample of a set where a person would have put its files."""

    def pack(name: str) -> PublicSet:
        downloads = tmp_path / "downloads" / name
        MADE_UP[name](downloads)
        place_file(sample_video, downloads / sample_video.name)  # of the sets that have it
        return unsigned(SETS[name])

    return pack


@pytest.fixture
def made_up(tmp_path, packed) -> Callable[[str], Dataset]:
    """Makes a data set of the made-up sample of a set."""
    return lambda name: get_set(packed(name), tmp_path, Silent(), must_count=False).dataset


def by_path(data: Dataset) -> dict[str, Sample]:
    return {sample.path: sample for sample in data.samples}


EDITIONS = [
    pytest.param(one, edition, id=f"{one.name}-{edition.place}")
    for one in SETS.values()
    for edition in one.editions
]


@pytest.mark.parametrize("name", SETS)
def test_made_up_sample_of_each_published_layout_is_read_and_loads(name, tmp_path, made_up):
    data = made_up(name)
    assert data.samples
    assert Dataset.load(tmp_path / name).samples == data.samples
    data.manifest.verify(data.folder)


@pytest.mark.parametrize("name", SETS)
def test_made_up_sample_does_not_pass_for_the_published_set(name, tmp_path, packed):
    made_up = packed(name)
    with pytest.raises(DatasetError, match=f"'{name}': expected the published counts, got others"):
        get_set(made_up, tmp_path, Silent())
    assert not (tmp_path / name).exists()


def test_names_of_sets_and_files_differ():
    assert not SETS.keys() & CATALOG.keys()


@pytest.mark.parametrize(("one", "edition"), EDITIONS)
def test_each_edition_states_counts_licence_and_address(one: PublicSet, edition: Edition):
    assert edition.counts
    assert all(count.numbers for count in edition.counts)
    assert one.homepage.startswith("http")
    assert one.licence
    for part in edition.parts:
        if isinstance(part, Published):
            assert part.url.startswith("http")
            assert part.digest is None or part.digest.startswith(("md5:", "sha256:"))


@pytest.mark.parametrize("name", SETS)
def test_each_set_has_a_public_edition_at_the_end(name):
    assert SETS[name].editions[-1].place is Place.PUBLIC


def test_market_has_nobody_where_the_names_say_junk_or_distractor(made_up):
    samples = by_path(made_up("market1501"))
    folder = "Market-1501-v15.09.15"
    assert len(samples) == 5  # without gt_bbox
    query = samples[f"{folder}/query/0001_c1s1_001051_00.jpg"]
    assert (query.identity, query.camera, query.split) == ("0001", "1", Split.QUERY)
    assert samples[f"{folder}/bounding_box_test/-1_c1s1_000401_03.jpg"].identity is None


def test_coco_keeps_people_alone_and_crowds_are_ignored(made_up):
    data = made_up("coco-persons")
    counts = Count(boxes=2, ignored=2, samples=2)
    assert counts.of(data.samples) == counts.numbers
    assert set(by_path(data)) == {"train2017/1.png", "val2017/1.png"}
    assert {box.label for sample in data.samples for box in sample.boxes} == {"person"}


def test_crowdhuman_pictures_of_all_archives_lie_together_and_masks_are_ignored(made_up):
    data = made_up("crowdhuman")
    assert [sample.path for sample in data.of_split(Split.VALIDATION)] == ["Images/4,d.jpg"]
    counts = Count(split=Split.TRAIN, box_label="person", samples=3, boxes=3, ignored=3)
    assert counts.of(data.samples) == counts.numbers


def test_wider_face_is_read_without_its_test_pictures(made_up):
    data = made_up("wider-face")
    assert sorted(by_path(data)) == [
        "WIDER_train/images/0--Parade/0_Parade_1.jpg",
        "WIDER_val/images/0--Parade/0_Parade_1.jpg",
    ]
    counts = Count(split=Split.VALIDATION, box_label="face", boxes=1, ignored=1)
    assert counts.of(data.samples) == counts.numbers


def test_msmt17_numbers_of_train_and_test_are_different_people(made_up):
    data = made_up("msmt17")
    assert {sample.identity for sample in data.samples} == {"train/0", "test/0"}


def test_fairface_has_age_and_gender_of_both_tables(made_up):
    samples = by_path(made_up("fairface"))
    assert samples["val/1.jpg"].split is Split.VALIDATION
    assert samples["train/1.jpg"].attributes.age_band is AgeBand.FROM_70
    assert samples["train/1.jpg"].attributes.gender is Gender.FEMALE


def test_pku_reid_has_person_camera_and_direction_of_the_name(made_up):
    sample = by_path(made_up("pku-reid"))["PKUv1a_128x48/001_02_8.png"]
    assert (sample.identity, sample.camera, sample.properties) == ("001", "02", {"direction": "8"})


def test_face_mask_leaves_the_repository_s_other_pictures(made_up):
    masks = [sample.attributes.mask for sample in made_up("face-mask").samples]
    assert masks == [Mask.MASKED, Mask.UNMASKED]


def test_shoplifting_pieces_of_one_recording_share_their_source(made_up):
    samples = made_up("shoplifting").samples
    assert [(sample.label, sample.source) for sample in samples] == [
        ("normal", "Normal_001"),
        ("normal", "Normal_001"),
        ("shoplifting", "Shoplifting_003"),
    ]


def test_mot17_has_each_frame_once_and_other_classes_are_ignored(made_up):
    data = made_up("mot17")
    counts = Count(split=Split.TRAIN, box_label="person", samples=2, boxes=2, tracks=1, sources=1)
    assert counts.of(data.samples) == counts.numbers
    assert Count(ignored=0).of(data.samples) == {"ignored": 2}
    assert Count(split=Split.TEST, samples=0, labelled=0).of(data.samples) == {
        "samples": 2,
        "labelled": 0,
    }
    assert all("-FRCNN/" in sample.path for sample in data.samples)


def test_mot15_sequence_without_its_description_is_read_by_its_pictures(made_up):
    data = made_up("mot15")
    test = [sample for sample in data.samples if sample.split is Split.TEST]
    assert [sample.image_size_hw for sample in test] == [(8, 6), (8, 6)]
    assert Count(split=Split.TRAIN, boxes=2, ignored=1, tracks=1).of(data.samples) == {
        "boxes": 2,
        "ignored": 1,
        "tracks": 1,
    }


def test_mot20_is_read_where_its_archive_has_no_folder_of_its_name(made_up):
    paths = sorted(by_path(made_up("mot20")))
    assert paths == [f"train/MOT20-01/img1/00000{number}.jpg" for number in (1, 2)]


def test_pets09_is_frames_of_the_sample_video_in_no_split(made_up):
    samples = made_up("pets09-s2l1").samples
    assert [sample.frame_index for sample in samples] == list(range(795))
    assert {(Path(sample.path).name, sample.split) for sample in samples} == {("vtest.avi", None)}
    assert samples[0].boxes[0].xyz_m == (1.5, 2.5, 0.0)


def test_campus_rows_are_people_who_keep_their_number_in_all_views(made_up):
    samples = made_up("campus-auditorium").samples
    assert [(sample.camera, sample.frame_index) for sample in samples] == [
        ("HC3", 0),
        ("HC4", 0),
    ]  # the second row is marked as out of sight
    (box,) = samples[0].boxes
    assert (box.xyxy_px, box.label, box.identity) == ((10, 20, 30, 60), "person", "3")
    assert box.is_occluded


def test_campus_row_that_breaks_the_format_is_told(tmp_path):
    MADE_UP["campus-auditorium"](tmp_path)
    with zipfile.ZipFile(tmp_path / "campus.zip", "a") as archive:
        archive.writestr("x/CAMPUS/Auditorium/view-IP2.txt", "3 10 20 30\n")
    (tmp_path / "downloads/campus-auditorium").mkdir(parents=True)
    (tmp_path / "campus.zip").rename(tmp_path / "downloads/campus-auditorium/campus.zip")
    with pytest.raises(LabelError, match=r"view-IP2\.txt:1: expected 10 fields"):
        get_set(unsigned(SETS["campus-auditorium"]), tmp_path, Silent())


def test_pa100k_pictures_are_found_in_the_folder_of_their_archive(made_up):
    samples = by_path(made_up("pa100k"))
    sample = samples["release_data/release_data/000002.jpg"]
    assert (sample.split, sample.attributes.gender) == (Split.VALIDATION, Gender.FEMALE)
    assert sample.properties["boots"] == "1"


MIRRORED = [one.name for one in SETS.values() if one.editions[0].place is Place.MIRROR]


@pytest.mark.parametrize("name", [name for name in MIRRORED if name != "fairface"])
def test_mirror_s_edition_is_read_with_its_counts(name, mirror, tmp_path):
    fetched = get_set(SETS[name], tmp_path, Silent(), place=Place.MIRROR)
    assert fetched.edition is not None
    assert "(mirror" in fetched.dataset.manifest.source
    for count in fetched.edition.counts:
        assert count.of(fetched.dataset.samples) == count.numbers
    loaded = Dataset.load(tmp_path / name)
    assert loaded.samples == fetched.dataset.samples


def test_mirror_s_faces_are_those_in_its_archive_with_their_counts(mirror, tmp_path):
    """By the archive's list of names: unpacking 22,755 files takes longer than all other tests."""
    edition = SETS["fairface"].editions[0]
    archive, table = edition.parts
    assert isinstance(archive, MirrorArchive)
    table.bring(tmp_path, tmp_path, Silent())
    losses = Losses()
    samples = list(edition.read(tmp_path, losses))
    check_counts("fairface", edition.counts, samples)
    assert not losses
    names = {member.name for member in members(mirror / archive.path)}
    assert {sample.path for sample in samples} == names
    with (mirror / archive.path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    assert archive.digest == f"sha256:{digest}"


@pytest.mark.parametrize("name", MIRRORED)
def test_mirror_s_sizes_are_as_stated(name, mirror, tmp_path):
    for number, part in enumerate(SETS[name].editions[0].parts):
        if isinstance(part, MirrorArchive):
            assert (mirror / part.path).stat().st_size == part.size_bytes
        elif isinstance(part, MirrorFiles):
            folder = tmp_path / str(number)
            part.bring(folder, tmp_path, Silent())
            placed = (path for path in folder.rglob("*") if path.is_file())
            assert sum(path.stat().st_size for path in placed) == part.size_bytes
