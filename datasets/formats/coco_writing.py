"""One COCO file in the making: images and annotations as they come, then the categories."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import IO, Any

from datasets.files import open_atomically
from datasets.formats import coco
from datasets.formats.borders import cut, required_size_hw
from datasets.formats.format import Losses
from datasets.formats.held import count_box
from datasets.formats.named_values import holdable, named_values
from datasets.samples import Box, Sample

_NATIVE = ("is_ignored", "score")
"""Fields that COCO has keys for, a numbered track apart."""


class CocoWriting:
    """The images and annotations of one file, kept in temporary files until all are known."""

    def __init__(self, category_id: dict[str, int]) -> None:
        self._category_id = category_id
        self._images: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._annotations: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._next_image, self._next_annotation = count(1), count(1)

    def __enter__(self) -> CocoWriting:
        return self

    def __exit__(self, *exception: object) -> None:
        self._images.close()
        self._annotations.close()

    def add(self, sample: Sample, held: Sample, losses: Losses) -> None:
        """Add one sample."""
        size_hw = required_size_hw(sample, "COCO")
        image_id = next(self._next_image)
        _append(self._images, _image_entry(held, image_id, size_hw))
        for box in sample.boxes:
            kept = cut(holdable(box), size_hw)
            if kept is None:
                losses.add("box")
                continue
            count_box(box, kept, losses)
            category_id = self._category_id.setdefault(kept.label, len(self._category_id) + 1)
            entry = _annotation_entry(kept, next(self._next_annotation), image_id, category_id)
            _append(self._annotations, entry)

    def finish(self, path: Path) -> None:
        """Write the file."""
        with open_atomically(path) as file:
            file.write(b'{\n"info": {},\n"images": [')
            _copy(self._images, file)
            file.write(b'\n],\n"annotations": [')
            _copy(self._annotations, file)
            categories = [{"id": id_, "name": name} for name, id_ in self._category_id.items()]
            text = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in categories)
            file.write(f'\n],\n"categories": [\n{text}\n]\n}}\n'.encode())


def _append(file: IO[bytes], entry: Mapping[str, Any]) -> None:
    before = ",\n" if file.tell() else "\n"
    file.write(f"{before}{json.dumps(entry, ensure_ascii=False)}".encode())


def _copy(source: IO[bytes], destination: IO[bytes]) -> None:
    source.seek(0)
    shutil.copyfileobj(source, destination)


def _image_entry(sample: Sample, image_id: int, size_hw: tuple[int, int]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": image_id,
        "file_name": sample.path,
        "width": size_hw[1],
        "height": size_hw[0],
    }
    if sample.frame_index is not None:
        entry["frame_index"] = sample.frame_index
    if attributes := named_values(sample):
        entry["attributes"] = attributes
    return entry


def _annotation_entry(box: Box, id_: int, image_id: int, category_id: int) -> dict[str, Any]:
    left, top, right, bottom = box.xyxy_px
    width, height = right - left, bottom - top
    number = _whole_number(box.track_id)
    annotation = coco.Annotation(
        *(id_, image_id, category_id, (left, top, width, height), width * height),
        is_crowd=box.is_ignored,
        score=box.score,
        track_id=number,
    )
    entry = coco.annotation_values(annotation)
    attributes: dict[str, Any] = named_values(
        box, _NATIVE if number is None else (*_NATIVE, "track_id")
    )
    if "occluded" in attributes:
        attributes["occluded"] = box.is_occluded  # a truth value, as CVAT reads it
    return {**entry, "attributes": attributes} if attributes else entry


def _whole_number(text: str | None) -> int | None:
    """The number that a text spells in the one way that gives the text back."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 18:
        return None
    return int(text) if str(int(text)) == text else None
