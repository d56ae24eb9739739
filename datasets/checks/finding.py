"""One thing that a check found: what kind, how bad, where, what was expected and what was there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """An error makes training or its figures wrong; a warning is for a person to look at."""

    ERROR = "error"
    WARNING = "warning"


class Kind(StrEnum):
    """What can be wrong, in the order of reports."""

    MANIFEST_BROKEN = "manifest-broken"
    FILE_MISSING = "file-missing"
    FILE_CHANGED = "file-changed"
    FILE_UNLISTED = "file-unlisted"
    PATH_OUTSIDE = "path-outside"
    LINE_BROKEN = "line-broken"
    SAMPLE_TWICE = "sample-twice"
    PICTURE_ABSENT = "picture-absent"
    PICTURE_BROKEN = "picture-broken"
    PICTURE_SIZE = "picture-size"
    PICTURE_FLAT = "picture-flat"
    BOX_INVERTED = "box-inverted"
    BOX_EMPTY = "box-empty"
    BOX_OUTSIDE = "box-outside"
    BOX_BEYOND_EDGE = "box-beyond-edge"
    BOX_TINY = "box-tiny"
    BOX_TWICE = "box-twice"
    BOX_CLASSES = "box-classes"
    TRACK_TWICE = "track-twice"
    IDENTITY_TWICE = "identity-twice"
    AGE_CONFLICT = "age-conflict"
    GENDER_CONFLICT = "gender-conflict"
    LABEL_CONFLICT = "label-conflict"
    CLASS_UNTRAINED = "class-untrained"
    DUPLICATE_ACROSS_SPLITS = "duplicate-across-splits"
    NEAR_DUPLICATE_ACROSS_SPLITS = "near-duplicate-across-splits"
    IDENTITY_ACROSS_SPLITS = "identity-across-splits"
    SOURCE_ACROSS_SPLITS = "source-across-splits"
    ADJACENT_ACROSS_SPLITS = "adjacent-across-splits"
    REPEATED_ACROSS_SPLITS = "repeated-across-splits"
    DUPLICATE = "duplicate"
    NEAR_DUPLICATE = "near-duplicate"


MEANINGS = {
    Kind.MANIFEST_BROKEN: "the manifest cannot be read",
    Kind.FILE_MISSING: "a file of the manifest is not there",
    Kind.FILE_CHANGED: "a file is not the one that the manifest lists",
    Kind.FILE_UNLISTED: "a file lies there that the manifest does not list",
    Kind.PATH_OUTSIDE: "a path leads out of the folder by a link",
    Kind.LINE_BROKEN: "a line of the samples cannot be read",
    Kind.SAMPLE_TWICE: "one picture stands in two lines",
    Kind.PICTURE_ABSENT: "labels without a picture",
    Kind.PICTURE_BROKEN: "a picture or a frame cannot be decoded in full",
    Kind.PICTURE_SIZE: "the recorded size is not the picture's",
    Kind.PICTURE_FLAT: "a picture shows one even grey",
    Kind.BOX_INVERTED: "a box whose right is left of its left, or whose bottom is above its top",
    Kind.BOX_EMPTY: "a box without an area",
    Kind.BOX_OUTSIDE: "a box wholly outside its picture",
    Kind.BOX_BEYOND_EDGE: "a box that reaches beyond its picture",
    Kind.BOX_TINY: "a box too small to see anything in",
    Kind.BOX_TWICE: "the same box stands twice",
    Kind.BOX_CLASSES: "one place, two classes",
    Kind.TRACK_TWICE: "one track at two places of one frame",
    Kind.IDENTITY_TWICE: "one person at two places of one frame",
    Kind.AGE_CONFLICT: "an age outside the age band beside it",
    Kind.GENDER_CONFLICT: "one person with two genders",
    Kind.LABEL_CONFLICT: "one picture with two different labels",
    Kind.CLASS_UNTRAINED: "a class that is tested and never trained on",
    Kind.DUPLICATE_ACROSS_SPLITS: "one picture in training and in evaluation",
    Kind.NEAR_DUPLICATE_ACROSS_SPLITS: "nearly one picture in training and in evaluation",
    Kind.IDENTITY_ACROSS_SPLITS: "one person in training and in evaluation",
    Kind.SOURCE_ACROSS_SPLITS: "one recording in training and in evaluation",
    Kind.ADJACENT_ACROSS_SPLITS: "moments of one camera close together in different splits",
    Kind.REPEATED_ACROSS_SPLITS: "one camera shows nearly the same again in another split",
    Kind.DUPLICATE: "one picture twice",
    Kind.NEAR_DUPLICATE: "nearly one picture twice",
}
"""Each kind in words, for people."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Args:
        kind: what.
        severity: how bad.
        expected: what should be there, in words.
        got: what is there, in words.
        key: of the sample, or the path of a file; None where it is about the whole data set.
        line: of the samples' file, from 1.
        box: which box of the sample, from 0.
        others: keys of the further samples that it is about.
        count: how many samples it stands for.
    """

    kind: Kind
    severity: Severity
    expected: str
    got: str
    key: str | None = None
    line: int | None = None
    box: int | None = None
    others: tuple[str, ...] = ()
    count: int = 1

    @property
    def where(self) -> str:
        """Line, sample and box in words; empty where it is about the whole data set."""
        parts = [
            f"line {self.line}" if self.line is not None else None,
            self.key,
            f"box {self.box}" if self.box is not None else None,
        ]
        return ", ".join(part for part in parts if part is not None)

    @property
    def text(self) -> str:
        """All in one line."""
        where = f"{self.where}: " if self.where else ""
        return f"{where}expected {self.expected}, got {self.got}"

    def to_record(self) -> dict[str, Any]:
        """For JSON; what says nothing is left out."""
        values = {
            "kind": self.kind.value,
            "severity": self.severity.value,
            "sample": self.key,
            "line": self.line,
            "box": self.box,
            "others": list(self.others) or None,
            "count": self.count if self.count != 1 else None,
            "expected": self.expected,
            "got": self.got,
        }
        return {name: value for name, value in values.items() if value is not None}


def error(kind: Kind, expected: str, got: str, **where: Any) -> Finding:
    """A finding that makes the data set unfit; `where` as the fields of `Finding`."""
    return Finding(kind, Severity.ERROR, expected, got, **where)


def warning(kind: Kind, expected: str, got: str, **where: Any) -> Finding:
    """A finding for a person to look at; `where` as the fields of `Finding`."""
    return Finding(kind, Severity.WARNING, expected, got, **where)


def tally(findings: Iterable[Finding]) -> dict[Kind, int]:
    """How many findings of each kind, in the order of `Kind`; none are left out."""
    counts = Counter(finding.kind for finding in findings)
    return {kind: counts[kind] for kind in Kind if counts[kind]}
