"""From what was measured to candidates, by key."""

import numpy as np
import pytest

from datasets.curation.measures import Measures
from datasets.samples import Sample
from labeling.selection.candidates import Criterion
from labeling.selection.gathering import Known, times_s
from labeling.selection.limits import NOWHERE
from serving.core.errors import DatasetError

SAMPLES = [
    Sample("ü/a.jpg", camera="door", captured_at=5.0),
    Sample("b.jpg", is_labelled=False, source="walk.mp4", tags=("track-lost", "motion")),
    Sample("c.jpg", is_labelled=False, camera="door", source="walk.mp4", tags=("motion",)),
    Sample("d.jpg", is_labelled=False),
]
VECTORS = {
    sample.key: row for sample, row in zip(SAMPLES, np.eye(4, dtype=np.float32), strict=True)
}
HARD = {key: Measures(key, hardness=0.1 * n) for n, key in enumerate(VECTORS)}


def test_values_come_by_key_and_in_the_order_of_the_samples():
    backwards = dict(reversed(HARD.items()))
    found = Known(SAMPLES, dict(reversed(VECTORS.items())), backwards).candidates()
    assert found.is_labelled.tolist() == [True, False, False, False]
    assert found.vectors.tolist() == np.eye(4).tolist()
    assert found.values[Criterion.HARDNESS].tolist() == pytest.approx([0, 0.1, 0.2, 0.3])


def test_criteria_of_which_nothing_is_known_are_left_out():
    assert set(Known(SAMPLES, VECTORS, HARD).candidates().values) == {
        Criterion.HARDNESS,
        Criterion.BROKEN,
    }
    assert Known(SAMPLES[3:], VECTORS).candidates().values == {}


def test_a_frame_is_broken_where_the_sampler_saw_a_track_break():
    found = Known(SAMPLES, VECTORS).candidates()
    assert found.values[Criterion.BROKEN].tolist() == [0, 1, 0, 0]


def test_errors_of_labelled_pictures_reach_the_others():
    found = Known(SAMPLES, VECTORS, errors={"ü/a.jpg": 0.75}).candidates()
    assert found.values[Criterion.FAILURES].tolist() == pytest.approx([0.75] * 4)


def test_a_measure_that_some_lack_is_an_error_that_names_them():
    measures = {key: one for key, one in HARD.items() if key != "c.jpg"}
    with pytest.raises(DatasetError, match=r"a measure 'hardness'.*none of 1, such as \['c.jpg'\]"):
        Known(SAMPLES, VECTORS, measures).candidates()


def test_a_measure_of_labelled_samples_may_be_missing():
    measures = {key: one for key, one in HARD.items() if key != "ü/a.jpg"}
    assert Criterion.HARDNESS in Known(SAMPLES, VECTORS, measures).candidates().values


@pytest.mark.parametrize(
    ("criterion", "words"),
    [
        (Criterion.UNIQUENESS, "a measure 'uniqueness'"),
        (Criterion.FAILURES, "expected errors of the model on labelled samples, got none"),
    ],
)
def test_what_is_asked_for_must_be_known(criterion, words):
    with pytest.raises(DatasetError, match=words):
        Known(SAMPLES, VECTORS, HARD).candidates([criterion])


def test_only_what_is_asked_for_is_read():
    assert set(Known(SAMPLES, VECTORS, HARD).candidates([Criterion.BROKEN]).values) == {
        Criterion.BROKEN
    }


def test_a_sample_without_a_vector_is_an_error_that_names_it():
    vectors = {key: one for key, one in VECTORS.items() if key != "d.jpg"}
    with pytest.raises(DatasetError, match=r"expected embeddings .*got none of 1, such as \['d"):
        Known(SAMPLES, vectors).candidates()


def test_a_camera_is_a_view_and_a_recording_where_no_camera_is_named(tmp_path):
    limits = Known(SAMPLES, VECTORS).limits(tmp_path, 2, 1.0)
    assert limits.view.tolist() == [0, 1, 0, NOWHERE]
    assert limits.at_s.tolist()[0] == 5.0 and np.isnan(limits.at_s[1:]).all()
    assert (limits.max_per_view, limits.gap_s) == (2, 1.0)


def test_frames_of_a_video_have_their_times_from_its_rate(tmp_path):
    import cv2

    writer = cv2.VideoWriter(str(tmp_path / "v.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 5, (32, 32))
    for _ in range(3):
        writer.write(np.zeros((32, 32, 3), np.uint8))
    writer.release()
    frames = [Sample("v.avi", frame_index=index) for index in (0, 2)]
    assert times_s(frames, tmp_path).tolist() == [0, 0.4]
    with pytest.raises(DatasetError, match="expected a file"):
        times_s([Sample("gone.avi", frame_index=0)], tmp_path)
