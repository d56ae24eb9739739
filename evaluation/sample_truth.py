"""What is known of the sample video: its public ground truth, or our own labels of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from datasets.catalog import mirror_root
from datasets.catalog.vtest import LABELS_PATH, NUM_FRAMES
from datasets.formats import coco, mot
from datasets.formats.mot import MotSequence
from evaluation.recorded import cut, tracks_of_labels
from serving.core.errors import LabelError
from serving.core.labels import PERSON

DATASET = "sample"
HELD_OUT = "sample, held out"
OWN_LABELS = "sample, own labels"
_IN_MIRROR = "data/tracking/pets09-s2l1/gt.txt"


@dataclass(frozen=True, slots=True, eq=False)
class SampleTruth:
    """True tracks, and the numbers of the frames, from 1, for which they are known."""

    dataset: str
    sequence: MotSequence
    numbers: Sequence[int]

    def from_frame(self, first: int, dataset: str) -> SampleTruth:
        """The truth of the frames from an index, counted from 0, on."""
        numbers = [number for number in self.numbers if number > first]
        return SampleTruth(dataset, cut(self.sequence, first), numbers)


def public_truth_path() -> Path | None:
    """The public ground truth in the local mirror; None where there is none. It is never shipped:
    its licence is non-commercial."""
    root = mirror_root()
    path = None if root is None else root / _IN_MIRROR
    return path if path is not None and path.is_file() else None


def require_public_truth() -> Path:
    """The public ground truth.

    Raises:
        LabelError: it is not on this machine.
    """
    path = public_truth_path()
    if path is None:
        raise LabelError(
            f"sample: expected its public ground truth, {_IN_MIRROR} in a folder 'shared' beside "
            "the repository, got none"
        )
    return path


def public_truth(path: Path) -> SampleTruth:
    """All frames of the public ground truth."""
    return SampleTruth(DATASET, mot.read_truth(path), range(1, NUM_FRAMES + 1))


def own_labels() -> SampleTruth:
    """Our labels as tracks: they carry identities. People too far are ignored."""
    sequence = tracks_of_labels(coco.read(LABELS_PATH), LABELS_PATH, PERSON)
    return SampleTruth(OWN_LABELS, sequence, sorted(sequence.frames))


def best_truth() -> SampleTruth:
    """The public ground truth where it is on this machine, else our labels."""
    path = public_truth_path()
    return own_labels() if path is None else public_truth(path)
