import pytest

from datasets.samples import Attributes, Box, Sample, Span, class_names, repeated_keys


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../a.jpg", "a/../../b.jpg", "a\\b.jpg", "."])
def test_a_path_that_leaves_the_folder_is_refused(path):
    with pytest.raises(ValueError, match="expected one inside the data set's folder"):
        Sample(path)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Box((2, 0, 1, 1), "person"), r"left ≤ right and top ≤ bottom, got \[2, 0, 1, 1\]"),
        (lambda: Box((0, 0, float("nan"), 1), "person"), "expected finite numbers"),
        (lambda: Box((0, 0, 1, 1), ""), "label: expected a class name"),
        (lambda: Box((0, 0, 1, 1), "person", score=1.2), r"score: expected a share in \[0, 1\]"),
        (lambda: Span(2.0, 1.0, "taking"), "expected 0 ≤ start_s ≤ end_s, got 2.0 and 1.0"),
        (lambda: Attributes(age_years=-1), "age_years: expected 0 to 130, got -1"),
        (lambda: Sample("a.jpg", image_size_hw=(0, 5)), "expected a positive height and width"),
        (lambda: Sample("v.avi", frame_index=-1), "frame_index: expected at least 0"),
    ],
)
def test_a_value_that_cannot_be_is_refused(make, told):
    with pytest.raises(ValueError, match=told):
        make()


def test_a_key_names_the_file_and_the_frame_of_a_video():
    assert Sample("a.jpg").key == "a.jpg"
    assert Sample("v.avi", frame_index=4).key == "v.avi#4"


def test_a_video_is_told_by_its_ending():
    assert Sample("clips/a.MP4").is_video and not Sample("mp4/a.jpg").is_video


def test_keys_that_stand_twice_are_found():
    samples = [Sample("a.jpg"), Sample("b.jpg"), Sample("a.jpg"), Sample("v.avi", frame_index=1)]
    assert repeated_keys(samples) == ["a.jpg"]


def test_class_names_are_sorted_and_stand_once():
    boxes = (Box((0, 0, 1, 1), "person"), Box((0, 0, 1, 1), "bag"), Box((0, 0, 1, 1), "person"))
    assert class_names([Sample("a.jpg", boxes=boxes)]) == ["bag", "person"]
