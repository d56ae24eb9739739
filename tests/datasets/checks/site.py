"""A small clean data set that tests spoil in one place at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from datasets.checks.finding import Finding, Kind
from datasets.checks.run import CheckOptions, CheckResult, check
from datasets.dataset import SAMPLES_NAME, Dataset
from datasets.manifest import FileEntry, Manifest
from datasets.samples import Attributes, Box, Sample, Split
from serving.core.labels import Gender

SIZE_HW = (96, 128)
SPLITS = (
    [Split.TRAIN] * 4 + [Split.VALIDATION] * 2 + [Split.TEST] * 2 + [Split.QUERY, Split.GALLERY]
)
"""The last two show one person, as re-identification wants it."""


def picture(seed: int, size_hw: tuple[int, int] = SIZE_HW) -> np.ndarray:
    """Blotches of colour: unlike for every seed."""
    blotches = np.random.default_rng(seed).integers(0, 256, (6, 6, 3)).astype(np.uint8)
    return cv2.resize(blotches, size_hw[::-1], interpolation=cv2.INTER_CUBIC)


@dataclass
class Site:
    """Samples and their pictures, `images/0.png` with `picture(0)` and so on.

    `write` makes a data set of them; the folder may be spoilt before and after.
    """

    folder: Path
    samples: list[Sample]

    def paint(self, path: str, image: np.ndarray) -> str:
        """Write a picture."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        ok, data = cv2.imencode(file.suffix, image)
        assert ok
        file.write_bytes(data.tobytes())
        return path

    def add(self, path: str, image: np.ndarray, **values) -> None:
        """One more picture and its sample."""
        self.samples.append(Sample(self.paint(path, image), **values))

    def change(self, row: int, **values) -> None:
        """Other values of one sample."""
        self.samples[row] = replace(self.samples[row], **values)

    def add_box(
        self, row: int, xyxy_px: tuple[float, ...], label: str = "person", **values
    ) -> None:
        """One more box in one sample."""
        self.change(row, boxes=(*self.samples[row].boxes, Box(xyxy_px, label, **values)))

    def write(self) -> Dataset:
        """Manifest and samples of what is there now."""
        return Dataset.create(
            self.folder,
            self.samples,
            name="site",
            source="cameras",
            licence="CC BY 4.0",
            commercial_use=True,
        )

    def edit_lines(self, edit) -> None:
        """Write the data set, change the text of its samples, and list them as they are then."""
        manifest = self.write().manifest
        path = self.folder / SAMPLES_NAME
        path.write_text(edit(path.read_text(encoding="utf-8")), encoding="utf-8")
        files = [entry for entry in manifest.files if entry.path != SAMPLES_NAME]
        self.list_files(manifest, *files, FileEntry.of(path, self.folder))

    def list_files(self, manifest: Manifest, *files: FileEntry) -> None:
        """Write the manifest with other files."""
        replace(manifest, files=files).write(self.folder)

    def check(self, **options) -> CheckResult:
        """What a check of the folder finds."""
        return check(self.folder, CheckOptions(**options))

    def findings(self, **options) -> list[Finding]:
        """What is wrong."""
        return list(self.check(**options).findings)

    def kinds(self, **options) -> list[Kind]:
        """Of each finding."""
        return [finding.kind for finding in self.findings(**options)]


def clean_site(folder: Path) -> Site:
    """Ten pictures of ten moments; two boxes in each, one person named in each."""
    site = Site(folder, [])
    for index, split in enumerate(SPLITS):
        person = "asker" if split in (Split.QUERY, Split.GALLERY) else f"person {index}"
        female = Attributes(gender=Gender.FEMALE)
        boxes = (
            Box((10, 10, 40, 90), "person", track_id="1", identity=person, attributes=female),
            Box((60, 10, 90, 90), "person", track_id="2"),
        )
        site.add(
            f"images/{index}.png",
            picture(index),
            image_size_hw=SIZE_HW,
            camera=f"camera {index % 2}",
            captured_at=1000.0 + 10 * index,
            source=f"recording {index}",
            split=split,
            boxes=boxes,
        )
    return site
