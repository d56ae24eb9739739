"""What the demo takes of the sample: frames to label, what is in them, and frames to be judged by.

Frames before `LABELLED_UNTIL` are labelled, later ones of our labels judge the detector; between
them lie two seconds, so that no one is judged by the picture that was trained on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from datasets.catalog.vtest import LABELS_PATH, VTEST
from datasets.dataset import Dataset
from datasets.files import place_file
from datasets.formats.coco_samples import CocoFormat
from datasets.formats.format import Losses
from datasets.samples import Box, Sample, Split
from serving.core.errors import DatasetError

LABELLED_UNTIL_S = 30.0
JUDGED_FROM_FRAME = 320
EVERY_S = 0.4
"""At ten frames a second every fourth: just those that are in our labels."""


def people_in(samples: Sequence[Sample]) -> Mapping[str, Sequence[Box]]:
    """Our boxes of sampled frames, by key.

    Raises:
        DatasetError: a sample does not say which frame it is, or is one that we have no labels of.
    """
    known = {sample.frame_index: sample.boxes for sample in _our_labels()}
    found = {}
    for sample in samples:
        frame = int(sample.properties.get("frame", "-1"))
        if frame not in known:
            raise DatasetError(
                f"sample '{sample.key}': expected a frame of our labels, got frame {frame}"
            )
        found[sample.key] = known[frame]
    return found


def judged_frames(folder: Path, video: Path) -> Dataset:
    """A data set of the frames that judge the detector, with our labels."""
    place_file(video, folder / video.name)
    samples = [
        replace(sample, path=video.name, split=Split.TEST)
        for sample in _our_labels()
        if (sample.frame_index or 0) >= JUDGED_FROM_FRAME
    ]
    return Dataset.create(
        folder,
        samples,
        name="vtest-judged",
        source="datasets/catalog/vtest_labels.coco.json",
        licence=f"labels CC BY 4.0; video {VTEST.licence}",
        commercial_use=False,
    )


def _our_labels() -> list[Sample]:
    return list(CocoFormat().read(LABELS_PATH, Losses()))
