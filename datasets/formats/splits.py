"""The words by which names of files and folders tell a split."""

from __future__ import annotations

import re

from datasets.samples import Split

UNSPLIT = "all"
"""Written where a layout wants a word and a sample has no split."""

_WORD = {
    Split.TRAIN: "train",
    Split.VALIDATION: "val",
    Split.TEST: "test",
    Split.QUERY: "query",
    Split.GALLERY: "gallery",
}
_SPLIT = {
    **{word: split for split, word in _WORD.items()},
    **{split.value: split for split in Split},
    "training": Split.TRAIN,
    "valid": Split.VALIDATION,
    "testing": Split.TEST,
}


def word_of(split: Split | None) -> str:
    """How a split is called in names: `train`, `val`, …; `all` for none."""
    return UNSPLIT if split is None else _WORD[split]


def split_of(word: str) -> Split | None:
    """The split that a word means, None where it means none: `val`, `valid`, `Validation`, …"""
    return _SPLIT.get(word.lower())


def split_in(name: str) -> Split | None:
    """The first split in a name such as `instances_val2017`."""
    found = (split_of(word) for word in re.split(r"[\W\d_]+", name))
    return next((split for split in found if split is not None), None)
