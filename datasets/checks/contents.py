"""A data set's folder, read as far as it can be: a line that is no sample does not hide the next.

`Dataset.load` refuses such a folder at its first fault; a check must see all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets.checks.finding import Finding, Kind, error
from datasets.dataset import SAMPLES_NAME, parse_sample, samples_file
from datasets.manifest import FILE_NAME as MANIFEST_NAME
from datasets.manifest import Manifest
from datasets.samples import Sample
from serving.core.errors import DatasetError


@dataclass(frozen=True, slots=True)
class Row:
    """A sample and the line where it stands, from 1.

    `box_numbers` says for each box which one of the line it is, from 0; empty where none was left
    out.
    """

    line: int
    sample: Sample
    box_numbers: tuple[int, ...] = ()

    @property
    def where(self) -> dict[str, Any]:
        """The place for a finding."""
        return {"key": self.sample.key, "line": self.line}

    def box_number(self, index: int) -> int:
        """Which box of the line the sample's box at `index` is."""
        return self.box_numbers[index] if self.box_numbers else index


@dataclass(frozen=True, slots=True)
class Contents:
    """What could be read; `manifest` is None where it is missing or broken.

    `rows` keep the order of the file, each key once. Boxes that break the rules are left out of
    their samples; `findings` name them, with everything else that could not be read.
    """

    folder: Path
    manifest: Manifest | None
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]


def read_contents(folder: Path) -> Contents:
    """Read manifest and samples.

    Raises:
        DatasetError: `folder` holds neither.
    """
    if not (folder / MANIFEST_NAME).is_file() and not (folder / SAMPLES_NAME).is_file():
        raise DatasetError(
            f"data set '{folder}': expected a {MANIFEST_NAME} and a {SAMPLES_NAME}, got neither"
        )
    findings: list[Finding] = []
    try:
        manifest = Manifest.read(folder)
    except DatasetError as fault:
        manifest = None
        got = str(fault).removeprefix(f"{folder / MANIFEST_NAME}: expected a manifest: ")
        findings.append(error(Kind.MANIFEST_BROKEN, "a manifest", got, key=MANIFEST_NAME))
    rows: list[Row] = []
    lines: dict[str, int] = {}
    path = samples_file(folder, manifest) if manifest is not None else None
    for row in _read_rows(path or folder / SAMPLES_NAME, findings):
        first = lines.setdefault(row.sample.key, row.line)
        if first == row.line:
            rows.append(row)
        else:
            got = f"it in line {first} already"
            findings.append(error(Kind.SAMPLE_TWICE, "each sample once", got, **row.where))
    return Contents(folder, manifest, tuple(rows), tuple(findings))


def _read_rows(path: Path, findings: list[Finding]) -> Iterator[Row]:
    if not path.is_file():
        findings.append(error(Kind.FILE_MISSING, "a file", "none", key=path.name))
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield Row(number, parse_sample(line))
            except ValueError as fault:
                row = _without_bad_boxes(line, number, findings)
                if row is not None:
                    yield row
                else:
                    findings.append(error(Kind.LINE_BROKEN, "a sample", str(fault), line=number))


def _without_bad_boxes(line: bytes, number: int, findings: list[Finding]) -> Row | None:
    """The sample without the boxes that break the rules; None where that is not all."""
    good, bad = [], []
    try:
        values = json.loads(line)
        boxes = values["boxes"]
        key = parse_sample(_dumped({**values, "boxes": []})).key
        for index, box in enumerate(boxes):
            try:
                parse_sample(_dumped({"path": "box", "boxes": [box]}))
                good.append(index)
            except ValueError as fault:
                bad.append(_bad_box(box, str(fault), key, number, index))
        sample = parse_sample(_dumped({**values, "boxes": [boxes[index] for index in good]}))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    findings.extend(bad)
    return Row(number, sample, tuple(good))


def _bad_box(box: Any, fault: str, key: str, line: int, index: int) -> Finding:
    place = {"key": key, "line": line, "box": index}
    try:
        left, top, right, bottom = box["xyxy_px"]
        is_inverted = right < left or bottom < top
    except (TypeError, KeyError, ValueError):
        is_inverted = False
    if is_inverted:
        got = str(box["xyxy_px"])
        return error(Kind.BOX_INVERTED, "left ≤ right and top ≤ bottom", got, **place)
    return error(Kind.LINE_BROKEN, "a box", fault.removeprefix("boxes.0."), **place)


def _dumped(values: Any) -> bytes:
    return json.dumps(values).encode()
