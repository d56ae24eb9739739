"""The ensemble's boxes are fused as worked out by hand, and its files read back."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.detection import IGNORED, read_coco
from serving.core.detections import Detections
from training.detection import pseudo_labels
from training.detection.network import yolox_nano
from training.detection.pseudo_labels import ensemble_detections, fuse
from training.detection.weights import load_weights


def _view(*boxes_and_scores: tuple[list[float], float]) -> Detections:
    boxes, scores = zip(*boxes_and_scores, strict=True) if boxes_and_scores else ((), ())
    return Detections(np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32))


def test_boxes_of_one_person_are_averaged_by_score() -> None:
    first, second = _view(([0, 0, 10, 20], 0.9)), _view(([0, 0, 10, 23], 0.3))
    fused = fuse([first, second], 0.5)
    np.testing.assert_allclose(fused.xyxy_px, [[0, 0, 10, 20.75]], rtol=1e-6)
    np.testing.assert_allclose(fused.score, [0.6])


def test_a_person_seen_in_one_of_four_views_gets_a_quarter_of_its_score() -> None:
    views = [_view(([0, 0, 10, 20], 0.8)), _view(), _view(), _view()]
    np.testing.assert_allclose(fuse(views, 0.5).score, [0.2])


def test_people_apart_stay_apart_best_first() -> None:
    fused = fuse([_view(([0, 0, 10, 20], 0.2), ([50, 0, 60, 20], 0.8))], 0.5)
    assert fused.xyxy_px[:, 0].tolist() == [50, 0]


def test_no_view_with_a_person_gives_none() -> None:
    assert len(fuse([_view(), _view()], 0.5)) == 0


@pytest.fixture(scope="module")
def frame(sample_video: Path) -> np.ndarray:
    return cv2.VideoCapture(str(sample_video)).read()[1]


def test_a_mirrored_picture_gives_mirrored_people(zoo_bundle: Path, frame: np.ndarray) -> None:
    network = yolox_nano(1).eval()
    load_weights(network, zoo_bundle, ["person"])
    found = ensemble_detections(network, frame, widths_px=(416,))
    mirrored = ensemble_detections(network, np.ascontiguousarray(frame[:, ::-1]), (416,))
    assert (found.score > 0.5).sum() >= 3
    sure = found.xyxy_px[found.score > 0.5]
    back = mirrored.xyxy_px[mirrored.score > 0.5][:, [2, 1, 0, 3]] * [-1, 1, -1, 1]
    back += [frame.shape[1], 0, frame.shape[1], 0]
    np.testing.assert_allclose(np.sort(sure, axis=0), np.sort(back, axis=0), atol=2)


def test_the_command_writes_labels_that_training_reads(
    zoo_bundle: Path, frame: np.ndarray, tmp_path: Path
) -> None:
    video = tmp_path / "two_frames.avi"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*"MJPG"), 10, (768, 576))
    for _ in range(2):
        writer.write(frame)
    writer.release()
    output = tmp_path / "labels.json"
    options = ["--weights", str(zoo_bundle), "--interval-s", "0.1", "--unsure-score", "0.05"]
    assert pseudo_labels.main([str(video), str(output), *options]) == 0
    first, second = read_coco(output, ["person"])
    assert (first.frame_index, second.frame_index) == (0, 1)
    assert (first.class_id == 0).sum() >= 3
    crowds = [a["iscrowd"] for a in json.loads(output.read_text())["annotations"]]
    assert (first.class_id == IGNORED).sum() + (second.class_id == IGNORED).sum() == sum(crowds)


def test_a_video_that_is_none_ends_with_a_message(
    zoo_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.avi").write_bytes(b"no video")
    output = tmp_path / "o.json"
    code = pseudo_labels.main([str(tmp_path / "x.avi"), str(output), "--weights", str(zoo_bundle)])
    assert code == 1
    assert "expected a video, got" in capsys.readouterr().err
    assert not output.exists()


def test_labels_that_cannot_be_written_end_with_a_message(
    zoo_bundle: Path, frame: np.ndarray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video = tmp_path / "one_frame.avi"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*"MJPG"), 10, (768, 576))
    writer.write(frame)
    writer.release()
    code = pseudo_labels.main([str(video), str(tmp_path), "--weights", str(zoo_bundle)])
    assert code == 1
    message = f"error: {tmp_path} cannot be written: expected a file to write, got a folder\n"
    assert capsys.readouterr().err == message


def _video(path: Path, frame: np.ndarray, num_frames: int) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (768, 576))
    for _ in range(num_frames):
        writer.write(frame)
    writer.release()
    return path


@pytest.mark.parametrize("name", ["film.avi", "link.avi"])
def test_the_output_never_replaces_the_video(
    name: str,
    zoo_bundle: Path,
    frame: np.ndarray,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    video = _video(tmp_path / "film.avi", frame, 1)
    (tmp_path / "link.avi").symlink_to(video)
    before = video.read_bytes()
    code = pseudo_labels.main([str(video), str(tmp_path / name), "--weights", str(zoo_bundle)])
    assert code == 2
    assert "expected a path apart from what is read, got" in capsys.readouterr().err
    assert video.read_bytes() == before


def test_the_output_never_replaces_the_weights(
    frame: np.ndarray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video = _video(tmp_path / "film.avi", frame, 1)
    output = tmp_path / "bundle" / "model.onnx"
    code = pseudo_labels.main([str(video), str(output), "--weights", str(output.parent)])
    assert code == 2
    assert "expected a path apart from what is read, got" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", [".avi", ".mkv"])
def test_a_video_that_was_cut_ends_with_a_message(
    suffix: str,
    zoo_bundle: Path,
    frame: np.ndarray,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    video = _video(tmp_path / f"film{suffix}", frame, 10)
    content = video.read_bytes()
    video.write_bytes(content[: len(content) // 2])
    output = tmp_path / "labels.json"
    assert pseudo_labels.main([str(video), str(output), "--weights", str(zoo_bundle)]) == 1
    message = capsys.readouterr().err
    assert f"error: {video}: expected " in message
    assert "the file is truncated" in message
    assert not output.exists()


@pytest.mark.parametrize("interval_s", ["nan", "-1", "0", "inf"])
def test_an_interval_that_is_none_ends_with_a_message(
    interval_s: str, zoo_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(tmp_path / "film.avi"), str(tmp_path / "labels.json")]
    options = ["--weights", str(zoo_bundle), f"--interval-s={interval_s}"]
    assert pseudo_labels.main([*files, *options]) == 2
    assert "error: --interval-s: expected a number above zero, got " in capsys.readouterr().err
