"""Finding faces: in crops that are nearly all face, and small ones in big pictures."""

import io
import pickle
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.catalog import yunet
from datasets.faces import Face, FaceFinder
from serving.core.errors import DatasetError

WEIGHTS = "weights/face/yunet_n_640_640.onnx"
NUM_CROPS = 48


@pytest.fixture(scope="module")
def finder(mirror: Path) -> FaceFinder:
    return FaceFinder(mirror / WEIGHTS)


@pytest.fixture(scope="module")
def crops(mirror: Path) -> list[np.ndarray]:
    """Faces with margin, 128 × 128, spread over the set."""
    with zipfile.ZipFile(mirror / "data" / "age_gender" / "images.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".webp"))
        data = [archive.read(name) for name in names[:: len(names) // NUM_CROPS][:NUM_CROPS]]
    return [cv2.imdecode(np.frombuffer(one, np.uint8), cv2.IMREAD_COLOR) for one in data]


def test_faces_with_a_margin_are_found(finder: FaceFinder, crops: list[np.ndarray]) -> None:
    found = sum(finder.largest(crop) is not None for crop in crops)
    assert found >= 0.95 * len(crops)  # 450 of 456 when it was written


def test_crops_that_are_nothing_but_face_are_found(
    finder: FaceFinder, crops: list[np.ndarray]
) -> None:
    tight = []
    for crop in crops:
        face = finder.largest(crop)
        if face is not None:
            left, top, right, bottom = (max(0, round(v)) for v in face.xyxy_px)
            tight.append(cv2.resize(crop[top:bottom, left:right], (112, 112)))
    assert sum(bool(finder.find(one)) for one in tight) >= 0.95 * len(tight)


def test_a_face_filling_its_picture_is_found_by_the_margin_around_it(
    finder: FaceFinder, crops: list[np.ndarray]
) -> None:
    face = next(face for crop in crops if (face := finder.largest(crop)) is not None)
    blind = FaceFinder(finder.weights)
    searched: list[tuple[int, ...]] = []

    def over_levels(image: np.ndarray) -> list[Face]:
        searched.append(image.shape)
        return [face] if len(searched) == 2 else []

    blind._over_levels = over_levels  # type: ignore[method-assign]
    (found,) = blind.find(np.zeros((100, 100, 3), np.uint8))
    assert searched == [(100, 100, 3), (180, 180, 3)]  # 0.4 of the side around it
    np.testing.assert_allclose(found.landmarks_px, face.landmarks_px - 40)


def test_small_faces_in_a_big_picture_are_found_where_they_are(
    finder: FaceFinder, crops: list[np.ndarray]
) -> None:
    picture = np.full((1080, 1920, 3), 96, np.uint8)
    places = [(60 + 300 * (i % 6), 40 + 250 * (i // 6)) for i in range(24)]
    for crop, (x, y) in zip(crops, places, strict=False):
        picture[y : y + 48, x : x + 48] = cv2.resize(crop, (48, 48), interpolation=cv2.INTER_AREA)
    middles = [np.mean(face.landmarks_px, axis=0) for face in finder.find(picture)]
    hits = [
        sum(bool(x <= at[0] <= x + 48 and y <= at[1] <= y + 48) for at in middles)
        for x, y in places
    ]
    assert sum(hit > 0 for hit in hits) >= 22
    assert sum(hit > 1 for hit in hits) <= 1  # a crop may show a second person
    assert sum(hits) == len(middles)


def test_pictures_wider_than_a_tile_are_searched_to_their_edges(
    finder: FaceFinder, crops: list[np.ndarray]
) -> None:
    picture = np.full((300, 3000, 3), 96, np.uint8)
    face = next(crop for crop in crops if len(finder.find(crop)) == 1)
    for x in (20, 1216, 2850):  # 1216 to 1344: over the edge of the first tile, 1280
        picture[100:228, x : x + 128] = face
    found = sorted(float(f.landmarks_px[:, 0].mean()) for f in finder.find(picture))
    assert [20 <= found[0] <= 148, 1216 <= found[1] <= 1344, 2850 <= found[2] <= 2978] == [True] * 3
    assert len(found) == 3


def test_landmarks_stand_in_the_order_that_is_promised(
    finder: FaceFinder, crops: list[np.ndarray]
) -> None:
    points = np.stack([f.landmarks_px for c in crops if (f := finder.largest(c)) is not None])
    eye_1, eye_2, nose, mouth_1, mouth_2 = np.median(points, axis=0)
    assert eye_1[0] < nose[0] < eye_2[0]
    assert mouth_1[0] < nose[0] < mouth_2[0]
    assert eye_1[1] < nose[1] < mouth_1[1]


def test_faces_below_the_least_size_are_left_out(
    finder: FaceFinder, crops: list[np.ndarray]
) -> None:
    demanding = FaceFinder(finder.weights, min_size_px=100.0)
    small = [cv2.resize(crop, (64, 64), interpolation=cv2.INTER_AREA) for crop in crops[:6]]
    assert all(finder.find(one) for one in small)
    assert not any(demanding.find(one) for one in small)


def test_tiny_faces_are_found_when_asked_for(finder: FaceFinder, crops: list[np.ndarray]) -> None:
    small = [cv2.resize(crop, (18, 18), interpolation=cv2.INTER_AREA) for crop in crops]
    keen = FaceFinder(finder.weights, min_size_px=6.0)
    assert sum(bool(keen.find(one)) for one in small) > sum(bool(finder.find(one)) for one in small)


def test_threads_share_one_finder(finder: FaceFinder, crops: list[np.ndarray]) -> None:
    alone = [finder.find(crop) for crop in crops[:16]]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(finder.find, crops[:16]))
    for one, other in zip(alone, together, strict=True):
        assert [face.xyxy_px for face in one] == [face.xyxy_px for face in other]


def test_a_finder_can_be_sent_to_another_process(
    finder: FaceFinder, crops: list[np.ndarray]
) -> None:
    sent = FaceFinder(finder.weights, 0.7, 20.0)
    copy = pickle.loads(pickle.dumps(sent))
    assert (copy.weights, copy.min_score, copy.min_size_px) == (finder.weights, 0.7, 20.0)
    assert copy.find(crops[0])[0].score == sent.find(crops[0])[0].score


def test_an_empty_picture_has_no_face_and_a_wrong_one_is_refused(finder: FaceFinder) -> None:
    assert finder.find(np.zeros((0, 10, 3), np.uint8)) == ()
    assert finder.find(np.zeros((1, 1, 3), np.uint8)) == ()
    with pytest.raises(ValueError, match=r"expected uint8 \(H, W, 3\), got float32 \(4, 4, 3\)"):
        finder.find(np.zeros((4, 4, 3), np.float32))  # type: ignore[arg-type]


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"expected weights in .*gone\.onnx, got no file"):
        FaceFinder(tmp_path / "gone.onnx")


def test_a_file_that_is_no_network_is_named(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.onnx"
    wrong.write_bytes(io.BytesIO(b"no network").getvalue())
    with pytest.raises(DatasetError, match=r"expected YuNet weights in .*wrong\.onnx"):
        FaceFinder(wrong)


def test_weights_that_cannot_be_had_anywhere_are_said_with_every_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = yunet.AddressOrigin((tmp_path / "nothing").as_uri())
    for name in ("YUNET", "YUNET_ZOO"):
        entry = getattr(yunet, name)
        monkeypatch.setattr(yunet, name, replace(entry, origins=(nowhere,)))
    with pytest.raises(DatasetError) as refusal:
        FaceFinder(weights_dir=tmp_path / "weights")
    message = str(refusal.value)
    assert message.startswith("face finder: expected weights, got none")
    assert "yunet_n_640_640.onnx" in message
    assert "face_detection_yunet_2023mar.onnx" in message
    assert not list((tmp_path / "weights").iterdir())


def test_the_second_export_stands_in_for_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = tmp_path / "published.onnx"
    published.write_bytes(b"weights")
    monkeypatch.setattr(yunet, "YUNET", replace(yunet.YUNET, origins=()))
    stand_in = replace(
        yunet.YUNET_ZOO,
        sha256="9bed76d2cb9fe51c2d81f8f4ac3c3b1ce9b1b21c5ccb2ffdd3a1e9a2c4a5c5f3",
        origins=(yunet.AddressOrigin(published.as_uri()),),
    )
    monkeypatch.setattr(yunet, "YUNET_ZOO", stand_in)
    with pytest.raises(DatasetError, match="sha256"):  # another file under that address
        yunet.yunet_weights(tmp_path / "weights")
    from serving.core.bundle import sha256_of

    monkeypatch.setattr(yunet, "YUNET_ZOO", replace(stand_in, sha256=sha256_of(published)))
    path = yunet.yunet_weights(tmp_path / "weights")
    assert path.read_bytes() == b"weights"


@pytest.mark.parametrize("options", [{"min_score": 0.0}, {"min_score": 1.1}, {"min_size_px": 0.0}])
def test_limits_outside_their_range_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        FaceFinder(Path("unused"), **options)  # type: ignore[arg-type]


def test_a_face_needs_five_finite_landmarks_and_an_area() -> None:
    points = np.zeros((5, 2))
    with pytest.raises(ValueError, match=r"shape \(5, 2\)"):
        Face((0, 0, 1, 1), points[:4])
    with pytest.raises(ValueError, match="finite"):
        Face((0, 0, 1, 1), points * np.nan)
    with pytest.raises(ValueError, match="box with an area"):
        Face((0, 0, 0, 1), points)
    face = Face((0, 0, 4, 9), points)
    assert face.size_px == 9
    assert not face.landmarks_px.flags.writeable


@pytest.mark.parametrize("size_hw", [(3, 297), (31, 560), (1500, 7), (1, 1500), (20, 20)])
def test_narrow_pictures_give_no_random_faces_and_come_to_an_end(
    finder: FaceFinder, size_hw: tuple[int, int]
) -> None:
    assert finder.find(np.full((*size_hw, 3), 96, np.uint8)) == ()
