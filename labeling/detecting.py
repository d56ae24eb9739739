"""Pre-annotations of our own detectors: who is in a picture, and who walks through a video."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from datasets.files import inside
from datasets.media import frame_rate_hz, read_frames, read_image
from datasets.samples import Box, Sample
from labeling.cutting import FrameCutter, every_frame
from serving.core.boxes import clip
from serving.core.detections import OBSERVED_COLUMN, Tracks
from serving.core.frame import Frame
from serving.core.labels import PERSON

if TYPE_CHECKING:
    from serving.inference.detector import Detector

_BATCH = 8
"""Pictures that are in memory at once."""

_LEAD_S = 2.0
"""How long before the first frame that is asked for people are followed."""

_MIN_SIGHTINGS = 2
"""Of a track that is shown; who was seen once is most likely nobody."""


class DetectingPredictor:
    """Runs one of our detectors on the pictures, when they are asked for.

    Args:
        folder: of the data set.
        bundle: the folder of a detection bundle, or the name of one in the zoo.
        score_threshold: lowest score that is shown to labelers; None: the bundle's.

    Raises:
        BundleError: no such bundle, or no detector.
    """

    def __init__(self, folder: Path, bundle: str, score_threshold: float | None = None) -> None:
        self.version, self._detector = _opened(bundle, score_threshold)
        self._folder = folder
        self._cutter = FrameCutter()

    def predict(self, samples: Sequence[Sample]) -> Mapping[str, Sample]:
        """See `Predictor`."""
        said: dict[str, Sample] = {}
        for start in range(0, len(samples), _BATCH):
            batch = samples[start : start + _BATCH]
            found = self._detector.detect([self._frame(sample) for sample in batch])
            for sample, given in zip(batch, found, strict=True):
                boxes = _boxes(given.xyxy_px, given.score, sample.image_size_hw)
                said[sample.key] = replace(sample, boxes=tuple(boxes))
        return said

    def _frame(self, sample: Sample) -> Frame:
        path = inside(self._folder, sample.path)
        if sample.is_video:
            image = self._cutter.frame(path, sample.frame_index or 0)
        else:
            image = read_image(path)
        return Frame(image, sample.camera or "data-set", 0, sample.captured_at or 0.0)


class FollowingPredictor:
    """Finds and follows the people in videos: each has one `track_id` from frame to frame.

    A video is looked at in order, also between the frames that are asked about. A sample that is a
    whole video gets an answer for every frame that was looked at.

    Args:
        folder: of the data set.
        bundle: the folder of a detection bundle, or the name of one in the zoo.
        score_threshold: lowest mean score of a person who is shown; None: all whom the tracker
            reports. The tracker gets every detection of the bundle, as where it serves.
        every_s: seconds between the frames that are looked at; None: all. Above half a second
            people move too far for the tracker to tell them apart: labeling/README.md has figures.

    Raises:
        BundleError: no such bundle, or no detector.
    """

    def __init__(
        self,
        folder: Path,
        bundle: str,
        score_threshold: float | None = None,
        every_s: float | None = None,
    ) -> None:
        self.version, self._detector = _opened(bundle)
        self._folder = folder
        self._score_threshold = score_threshold or 0.0
        self._every_s = every_s

    def predict(self, samples: Sequence[Sample]) -> Mapping[str, Sample]:
        """See `Predictor`."""
        videos: dict[str, list[Sample]] = {}
        for sample in samples:
            videos.setdefault(sample.path, []).append(sample)
        return {said.key: said for group in videos.values() for said in self._said(group)}

    def _said(self, group: Sequence[Sample]) -> Iterator[Sample]:
        """The frames of one video that are asked about, with whom they show."""
        video = inside(self._folder, group[0].path)
        rate_hz = frame_rate_hz(video)
        step = max(1, round((self._every_s or 0.0) * rate_hz))
        asked = {each.frame_index: each for each in group if each.frame_index is not None}
        is_whole = len(asked) < len(group)
        if is_whole:
            shots = every_frame(video, step)
        else:
            shots = _shots(video, sorted(asked), step, rate_hz)
        followed = self._followed(group[0].path, shots, rate_hz)
        boxes = followed.boxes(self._score_threshold)
        for index in followed.indices if is_whole else sorted(asked):
            sample = asked.get(index, replace(group[0], frame_index=index))
            yield replace(sample, boxes=tuple(boxes.get(index, ())))

    def _followed(
        self, name: str, shots: Iterable[tuple[int, NDArray[np.uint8]]], rate_hz: float
    ) -> _Followed:
        from serving.pipeline import Pipeline
        from serving.tracking.two_stage import TwoStageTracker

        # The tracker need not wait for a second sighting: what was seen once is left out below.
        pipeline = Pipeline(
            name, self._detector, TwoStageTracker(num_sightings=1), min_height_px=0.0
        )
        frames = (Frame(image, name, index, index / rate_hz) for index, image in shots)
        followed = _Followed()
        for result in pipeline.process(frames):
            followed.see(result.frame, result.tracks)
        return followed


@dataclass(slots=True)
class _Followed:
    """Whom a tracker reported, person by person.

    Attributes:
        indices: of the frames that were looked at.
    """

    indices: list[int] = field(default_factory=list)
    _tracks: dict[int, dict[int, Box]] = field(default_factory=dict)
    _seen: dict[int, list[int]] = field(default_factory=dict)

    def see(self, frame: Frame, tracks: Tracks) -> None:
        """Take in one frame."""
        self.indices.append(frame.index)
        boxes = _boxes(tracks.xyxy_px, tracks.score, frame.image_size_hw)
        observed = tracks.detections.columns[OBSERVED_COLUMN]
        for number, box, is_seen in zip(tracks.track_id.tolist(), boxes, observed, strict=True):
            self._tracks.setdefault(number, {})[frame.index] = box
            if is_seen:
                self._seen.setdefault(number, []).append(frame.index)

    def boxes(self, score_threshold: float) -> Mapping[int, list[Box]]:
        """The boxes of each frame. A track ends where it was last seen, not where it was guessed.

        People are numbered from 1 in the order in which they come.
        """
        found: dict[int, list[Box]] = {}
        num_people = 0
        for number, seen in self._seen.items():
            track = self._tracks[number]
            mean = sum(track[index].score or 0.0 for index in seen) / len(seen)
            if len(seen) < min(_MIN_SIGHTINGS, len(self.indices)) or mean < score_threshold:
                continue
            num_people += 1
            for index, box in track.items():
                if index <= seen[-1] and _has_area(box):
                    found.setdefault(index, []).append(replace(box, track_id=str(num_people)))
        return found


def _opened(bundle: str, score_threshold: float | None = None) -> tuple[str, Detector]:
    """The name with the version, and the detector."""
    from serving.assembly import load_bundle
    from serving.inference.detector import Detector
    from serving.inference.openvino import OpenVinoBackend

    loaded = load_bundle(bundle)
    return loaded.ref, Detector(OpenVinoBackend(loaded), score_threshold)


def _shots(
    video: Path, asked: Sequence[int], step: int, rate_hz: float
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """The frames that are asked about and those between them, from a little before the first."""
    start, known = max(0, asked[0] - round(_LEAD_S * rate_hz)), set(asked)

    def indices() -> Iterator[int]:
        for index in range(start, asked[-1] + 1):
            if (index - start) % step == 0 or index in known:
                yield index

    return zip(indices(), read_frames(video, indices()), strict=True)


def _boxes(
    xyxy_px: NDArray[np.float32],
    scores: NDArray[np.float32],
    image_size_hw: tuple[int, int] | None,
) -> Iterator[Box]:
    """What was found, within the picture."""
    if image_size_hw is not None:
        xyxy_px = clip(xyxy_px, image_size_hw)
    for (left, top, right, bottom), score in zip(xyxy_px.tolist(), scores, strict=True):
        yield Box((left, top, right, bottom), PERSON, score=float(score))


def _has_area(box: Box) -> bool:
    left, top, right, bottom = box.xyxy_px
    return right > left and bottom > top
