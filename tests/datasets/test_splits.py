"""A division keeps groups whole, loses no sample, and depends on nothing but samples and seed."""

from __future__ import annotations

import random
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.catalog import mirror_root
from datasets.checks.contents import Row
from datasets.checks.leaks import leak_findings
from datasets.grouping import GroupBy, Stratum, values_of
from datasets.samples import Attributes, Sample, Split
from datasets.splits import SplitRequest, divide
from serving.core.errors import ConfigError, DatasetError
from serving.core.labels import Gender


@st.composite
def data_sets(draw):
    count = draw(st.integers(12, 60))
    rng = random.Random(draw(st.integers(0, 10**6)))
    return [
        Sample(
            f"{index}.jpg",
            identity=rng.choice([None, *map(str, range(20))]),
            source=rng.choice([None, None, *"abcdefghijklmnop"]),
            camera=rng.choice("123456"),
            attributes=Attributes(gender=rng.choice([None, *Gender])),
        )
        for index in range(count)
    ]


requests = st.builds(
    SplitRequest,
    by=st.sampled_from(
        [(GroupBy.IDENTITY,), (GroupBy.SOURCE,), (GroupBy.IDENTITY, GroupBy.SOURCE)]
    ),
    stratify=st.sampled_from([(), (Stratum.GENDER,), (Stratum.GENDER, Stratum.CAMERA)]),
    seed=st.integers(0, 3),
)


def divided(samples, request):
    """The division; None where the samples hang together so much that there is none."""
    try:
        return divide(samples, request)
    except DatasetError as error:
        assert "expected at least 3 groups" in str(error)
        return None


@settings(max_examples=100, deadline=None)
@given(data_sets(), requests)
def test_no_group_is_in_two_splits_and_every_sample_in_one(samples, request):
    division = divided(samples, request)
    if division is None:
        return
    assert [sample.path for sample in division.samples] == [sample.path for sample in samples]
    assert all(sample.split is not None for sample in division.samples)
    for key in request.by:
        splits = defaultdict(set)
        for sample in division.samples:
            for value in values_of(sample, key):
                splits[value].add(sample.split)
        assert all(len(found) == 1 for found in splits.values())


@settings(max_examples=60, deadline=None)
@given(data_sets(), requests, st.randoms())
def test_the_order_of_samples_does_not_matter(samples, request, shuffler):
    before = divided(samples, request)
    shuffled = list(samples)
    shuffler.shuffle(shuffled)
    after = divided(shuffled, request)
    if before is None or after is None:
        assert before is after
        return
    assert {one.path: one.split for one in after.samples} == {
        one.path: one.split for one in before.samples
    }
    assert Counter(after.counts) == Counter(before.counts)


@settings(max_examples=60, deadline=None)
@given(data_sets(), requests)
def test_the_table_counts_what_was_done(samples, request):
    division = divided(samples, request)
    if division is None:
        return
    got = Counter(sample.split for sample in division.samples)
    for count in division.counts:
        if count.stratum is None:
            assert count.got == got[count.split]
            assert count.asked == pytest.approx(request.shares[count.split] * len(samples))
    women = Counter(
        sample.split for sample in division.samples if sample.attributes.gender is Gender.FEMALE
    )
    for count in division.counts:
        if count.stratum == "gender female":
            assert count.got == women[count.split]


def people(num_people, num_pictures, cameras="12"):
    return [
        Sample(f"{person}/{camera}_{number}.jpg", identity=str(person), camera=camera)
        for person in range(num_people)
        for camera in cameras
        for number in range(num_pictures)
    ]


def test_a_group_that_no_share_can_hold_is_told():
    samples = [
        Sample(f"{index}", source="all" if index < 90 else str(index)) for index in range(100)
    ]
    division = divide(samples, SplitRequest(by=(GroupBy.SOURCE,)))
    assert division.notes == (
        "group 'source all' has 90 of 100 samples (90%): more than the largest share, 70%, and a "
        "group is never divided",
    )
    got = {count.split: count.got for count in division.counts}
    assert got[Split.TRAIN] == 90


def test_samples_without_the_key_are_counted():
    samples = [*people(6, 1), Sample("x"), Sample("y")]
    assert "2 of 14 samples have no identity" in divide(samples, SplitRequest()).notes


def test_fewer_groups_than_splits_are_refused():
    with pytest.raises(
        DatasetError, match="expected at least 3 groups for as many splits, got 2: 'identity 0'"
    ):
        divide(people(2, 3), SplitRequest())


def test_a_split_that_got_nothing_is_told():
    request = SplitRequest(shares={Split.TRAIN: 0.98, Split.VALIDATION: 0.01, Split.TEST: 0.01})
    notes = divide(people(3, 5), request).notes
    assert "split 'validation' got no group" in notes


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"by": ()}, "by: expected keys, or time alone, got nothing"),
        ({"by": (GroupBy.TIME, GroupBy.CAMERA)}, "or time alone, got time, camera"),
        ({"by": (GroupBy.TIME,), "stratify": (Stratum.GENDER,)}, "nothing beside a split by time"),
        ({"shares": {Split.TRAIN: 0.7}}, "add up to 1, got train=0.7"),
        ({"shares": {Split.TRAIN: 1.2, Split.TEST: -0.2}}, "positive numbers"),
        ({"shares": {}}, "positive numbers"),
        ({"shares": {Split.TRAIN: 0.5, Split.QUERY: 0.5}}, "got query or gallery"),
        ({"gap_s": -1}, "gap_s: expected at least 0 seconds"),
        ({"query_per_identity": -1}, "query_per_identity: expected at least 0"),
        (
            {"shares": {Split.TRAIN: 0.5, Split.VALIDATION: 0.5}, "query_per_identity": 1},
            "expected a share of test",
        ),
    ],
)
def test_a_request_that_cannot_be_meant_is_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        SplitRequest(**values)


def by_time(samples, gap_s=1.0, **shares):
    named = {Split(name): share for name, share in (shares or {"train": 0.5, "test": 0.5}).items()}
    request = SplitRequest(by=(GroupBy.TIME,), shares=named, gap_s=gap_s)
    return divide(samples, request, lambda path: 10.0)


def moment(captured_at, camera="door"):
    return Sample(f"{camera}-{captured_at}.jpg", camera=camera, captured_at=captured_at)


def test_by_time_the_earlier_part_is_to_train_on_and_a_gap_is_left_out():
    samples = [moment(float(second)) for second in (0, 1, 2, 3, 4, 4.5, 5, 6, 7, 8)]
    division = by_time(samples, gap_s=1.0)
    # The test starts at 4.5 + …: ten samples, halves of five; 4.5 is its first moment.
    assert [sample.split for sample in division.samples] == [
        *[Split.TRAIN] * 4,
        None,
        *[Split.TEST] * 5,
    ]
    assert division.num_left_out == 1


def test_exactly_the_gap_apart_is_far_enough():
    division = by_time([moment(float(second)) for second in range(4)], gap_s=1.0)
    assert [sample.split for sample in division.samples] == [Split.TRAIN] * 2 + [Split.TEST] * 2


def test_one_moment_of_several_cameras_is_not_divided():
    samples = [moment(float(second), camera) for second in range(3) for camera in ("a", "b")]
    division = by_time(samples, gap_s=0.0)
    assert [sample.split for sample in division.samples] == [Split.TRAIN] * 2 + [Split.TEST] * 4


def test_a_split_by_time_leaves_nothing_adjacent():
    frames = [Sample("v.mp4", frame_index=index) for index in range(0, 300, 3)]
    samples = [*frames, *(moment(0.3 * number, "till") for number in range(100))]
    random.Random(0).shuffle(samples)
    division = by_time(samples, gap_s=2.0, train=0.6, validation=0.2, test=0.2)
    rows = [Row(line, sample) for line, sample in enumerate(division.samples)]
    kinds = {(one.kind, one.severity) for one in leak_findings(rows, lambda path: 10.0, 2.0)}
    assert kinds == {("source-across-splits", "warning")}
    # Of each clock: two gaps of under 2 s at 0.3 s a picture leave 6 out each.
    assert division.num_left_out == 2 * 2 * 6


def test_a_gap_that_swallows_a_split_is_told():
    samples = [moment(float(second)) for second in range(10)]
    division = by_time(samples, gap_s=60.0)
    assert division.notes == ("split 'train' got no sample: nothing is left beside the gap",)


def test_by_time_samples_without_a_time_are_refused():
    with pytest.raises(DatasetError, match=r"expected captured_at, .* got 1 without: 'a.jpg'"):
        by_time([moment(0.0), Sample("a.jpg")])


def test_nothing_cannot_be_divided():
    with pytest.raises(DatasetError, match="expected samples, got none"):
        divide([], SplitRequest())


def with_queries(samples, count=1):
    request = SplitRequest(query_per_identity=count)
    return divide(samples, request)


def test_each_person_and_camera_gives_a_query_that_another_camera_answers():
    division = with_queries(people(20, 3))
    tested = [one for one in division.samples if one.split in (Split.QUERY, Split.GALLERY)]
    assert Split.TEST not in {sample.split for sample in division.samples}
    queries = [sample for sample in tested if sample.split is Split.QUERY]
    persons = {sample.identity for sample in tested}
    assert Counter((one.identity, one.camera) for one in queries) == {
        (person, camera): 1 for person in persons for camera in "12"
    }
    for query in queries:
        assert any(
            one.identity == query.identity and one.camera != query.camera
            for one in tested
            if one.split is Split.GALLERY
        )


def test_a_picture_does_not_ask_where_it_is_the_only_answer_to_one_that_does():
    """Camera 1 asks with one of its two; that of camera 2 must stay to answer it."""
    pictures = [
        Sample(f"p{person}_c{camera}_{number}.jpg", identity=f"p{person}", camera=camera)
        for person in range(20)
        for camera, number in (("1", 0), ("1", 1), ("2", 0))
    ]
    division = with_queries(pictures)
    tested = Counter(
        (one.identity, one.camera, one.split)
        for one in division.samples
        if one.split in (Split.QUERY, Split.GALLERY)
    )
    persons = {identity for identity, _, _ in tested}
    assert persons
    assert tested == {
        (person, camera, split): 1
        for person in persons
        for camera, split in (("1", Split.QUERY), ("1", Split.GALLERY), ("2", Split.GALLERY))
    }


def test_where_each_camera_saw_a_person_once_one_picture_asks_and_one_answers():
    division = with_queries(people(20, 1))
    splits = Counter(
        (one.identity, one.split)
        for one in division.samples
        if one.split in (Split.QUERY, Split.GALLERY)
    )
    assert set(splits.values()) == {1}


def test_people_of_one_camera_are_in_the_gallery_alone_and_counted():
    division = with_queries(people(20, 3, cameras="1"))
    assert Split.QUERY not in {sample.split for sample in division.samples}
    assert division.notes[-1].endswith("people were seen by one camera alone: gallery only")


def test_queries_need_identities_of_whole_pictures():
    samples = [Sample(str(index), camera="1") for index in range(30)]
    with pytest.raises(DatasetError, match="expected identities of whole pictures"):
        with_queries(samples)


def test_the_real_corridor_is_divided_by_person_within_one_person_of_what_was_asked():
    root = mirror_root()
    if root is None or not (root / "data/reid").is_dir():
        pytest.skip("no local mirror with data/reid")
    files = sorted((root / "data/reid").rglob("*.png"))
    samples = [
        Sample(f"{file.parent.name}/{file.name}", identity=file.parent.name, camera=file.name[:2])
        for file in files
    ]
    division = divide(samples, SplitRequest(stratify=(Stratum.CAMERA,)))
    assert division.num_groups == 44
    for count in division.counts:
        pictures_a_person = 16 if count.stratum is None else 8
        assert abs(count.got - count.asked) < pictures_a_person
