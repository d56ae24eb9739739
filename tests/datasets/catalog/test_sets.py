"""Every public set: its published layout on a made-up sample, and the mirror's for real."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from datasets.catalog import CATALOG
from datasets.catalog.count import Count
from datasets.catalog.fetching import get_set
from datasets.catalog.parts import MirrorArchive, MirrorFiles, Published
from datasets.catalog.public_set import Edition, Place, PublicSet
from datasets.catalog.sets import SETS
from datasets.dataset import Dataset
from datasets.samples import Sample, Split
from serving.core.errors import DatasetError
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


def made_up(name: str, tmp_path: Path) -> Dataset:
    MADE_UP[name](tmp_path / "downloads" / name)
    return get_set(unsigned(SETS[name]), tmp_path, Silent(), must_count=False).dataset


def by_path(data: Dataset) -> dict[str, Sample]:
    return {sample.path: sample for sample in data.samples}


EDITIONS = [
    pytest.param(one, edition, id=f"{one.name}-{edition.place}")
    for one in SETS.values()
    for edition in one.editions
]


@pytest.mark.parametrize("name", SETS)
def test_made_up_sample_of_each_published_layout_is_read_and_loads(name, tmp_path):
    data = made_up(name, tmp_path)
    assert data.samples
    assert Dataset.load(tmp_path / name).samples == data.samples
    data.manifest.verify(data.folder)


@pytest.mark.parametrize("name", SETS)
def test_made_up_sample_does_not_pass_for_the_published_set(name, tmp_path):
    MADE_UP[name](tmp_path / "downloads" / name)
    with pytest.raises(DatasetError, match=f"'{name}': expected the published counts, got others"):
        get_set(unsigned(SETS[name]), tmp_path, Silent())
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


def test_market_has_nobody_where_the_names_say_junk_or_distractor(tmp_path):
    samples = by_path(made_up("market1501", tmp_path))
    folder = "Market-1501-v15.09.15"
    assert len(samples) == 5  # without gt_bbox
    query = samples[f"{folder}/query/0001_c1s1_001051_00.jpg"]
    assert (query.identity, query.camera, query.split) == ("0001", "1", Split.QUERY)
    assert samples[f"{folder}/bounding_box_test/-1_c1s1_000401_03.jpg"].identity is None


def test_coco_keeps_people_alone_and_crowds_are_ignored(tmp_path):
    data = made_up("coco-persons", tmp_path)
    counts = Count(boxes=2, ignored=2, samples=2)
    assert counts.of(data.samples) == counts.numbers
    assert set(by_path(data)) == {"train2017/1.png", "val2017/1.png"}
    assert {box.label for sample in data.samples for box in sample.boxes} == {"person"}


def test_msmt17_numbers_of_train_and_test_are_different_people(tmp_path):
    data = made_up("msmt17", tmp_path)
    assert {sample.identity for sample in data.samples} == {"train/0", "test/0"}


def test_fairface_has_age_and_gender_of_both_tables(tmp_path):
    samples = by_path(made_up("fairface", tmp_path))
    assert samples["val/1.jpg"].split is Split.VALIDATION
    assert samples["train/1.jpg"].attributes.age_band is AgeBand.FROM_70
    assert samples["train/1.jpg"].attributes.gender is Gender.FEMALE


def test_pku_reid_has_person_camera_and_direction_of_the_name(tmp_path):
    sample = by_path(made_up("pku-reid", tmp_path))["PKUv1a_128x48/001_02_8.png"]
    assert (sample.identity, sample.camera, sample.properties) == ("001", "02", {"direction": "8"})


def test_face_mask_leaves_the_repository_s_other_pictures(tmp_path):
    masks = [sample.attributes.mask for sample in made_up("face-mask", tmp_path).samples]
    assert masks == [Mask.MASKED, Mask.UNMASKED]


def test_shoplifting_pieces_of_one_recording_share_their_source(tmp_path):
    samples = made_up("shoplifting", tmp_path).samples
    assert [(sample.label, sample.source) for sample in samples] == [
        ("normal", "Normal_001"),
        ("normal", "Normal_001"),
        ("shoplifting", "Shoplifting_003"),
    ]


MIRRORED = [one.name for one in SETS.values() if one.editions[0].place is Place.MIRROR]


@pytest.mark.parametrize("name", MIRRORED)
def test_mirror_s_edition_is_read_with_its_counts(name, mirror, tmp_path):
    fetched = get_set(SETS[name], tmp_path, Silent(), place=Place.MIRROR)
    assert fetched.edition is not None
    assert "(mirror" in fetched.dataset.manifest.source
    for count in fetched.edition.counts:
        assert count.of(fetched.dataset.samples) == count.numbers
    loaded = Dataset.load(tmp_path / name)
    assert loaded.samples == fetched.dataset.samples


@pytest.mark.parametrize("name", MIRRORED)
def test_mirror_s_sizes_are_as_stated(name, mirror, tmp_path):
    for part in SETS[name].editions[0].parts:
        if isinstance(part, MirrorArchive):
            assert (mirror / part.path).stat().st_size == part.size_bytes
        elif isinstance(part, MirrorFiles):
            part.bring(tmp_path / "set", tmp_path, Silent())
            placed = (path for path in (tmp_path / "set").rglob("*") if path.is_file())
            assert sum(path.stat().st_size for path in placed) == part.size_bytes
