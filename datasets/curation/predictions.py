"""What a model says of the samples: boxes with scores, from a file or from a detector."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from datasets.dataset import check_samples, read_samples
from datasets.samples import Box
from serving.core.errors import DatasetError

LOWEST_SCORE = 0.05
"""Boxes below this are no candidates: a picture holds hundreds of them."""

_MAX_NAMED = 3


def _any_height(image_size_hw: tuple[int, int]) -> float:
    return 0.0


@dataclass(frozen=True, slots=True)
class Predictions:
    """A model's boxes, weak ones among them.

    Args:
        boxes: by `Sample.key`, each with a score; a sample that is not in it was not looked at.
        model: the model by name and version.
        classes: what the model can find; labels of other classes cannot be missed by it.
        min_height_px: of a picture's height and width: the least height of a box that the model
            was made for.
    """

    boxes: Mapping[str, tuple[Box, ...]]
    model: str
    classes: frozenset[str]
    min_height_px: Callable[[tuple[int, int]], float] = _any_height


def read_predictions(path: Path, keys: Iterable[str]) -> Predictions:
    """Predictions of a `.jsonl` file of samples whose boxes have scores.

    The classes are those that occur in it. Predictions for other samples are an error: they
    would be lost without a word.

    Raises:
        DatasetError: the file breaks its format, names a sample twice or one that is not among
            `keys`, or holds a box without a score.
    """
    samples = tuple(read_samples(path))
    check_samples(samples, f"{path}")
    known = set(keys)
    unknown = [sample.key for sample in samples if sample.key not in known]
    if unknown:
        raise DatasetError(
            f"{path}: expected predictions for samples of the data set, got "
            f"{unknown[:_MAX_NAMED]}" + _more(len(unknown))
        )
    for sample in samples:
        if any(box.score is None for box in sample.boxes):
            raise DatasetError(f"{path}, sample '{sample.key}': expected a score on every box")
    return Predictions(
        {sample.key: sample.boxes for sample in samples},
        path.name,
        frozenset(box.label for sample in samples for box in sample.boxes),
    )


def _more(count: int) -> str:
    return f" and {count - _MAX_NAMED:,} others" if count > _MAX_NAMED else ""
