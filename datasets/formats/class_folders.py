"""Class folders: one folder a class, of pictures or of clips."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from datasets.formats.format import Losses, Place, nowhere
from datasets.formats.held import count_without_boxes
from datasets.formats.layout import (
    FreeNames,
    folders,
    is_name,
    name_of,
    picture_files,
    picture_path,
    suffix_of,
)
from datasets.formats.tables import one_of
from datasets.samples import PICTURE_SUFFIXES, VIDEO_SUFFIXES, Attributes, Sample
from serving.core.errors import LabelError
from serving.core.labels import Mask

MASK_FOLDERS = {
    "with_mask": Mask.MASKED,
    "without_mask": Mask.UNMASKED,
    "mask_weared_incorrect": Mask.INCORRECT,
}
"""The folders of the public sets of faces with masks."""

_SUFFIXES = PICTURE_SUFFIXES | VIDEO_SUFFIXES


class ClassFolders:
    """Reads and writes `CLASS/NAME.jpg`.

    Args:
        mask_of: which state of a mask each folder means, as `MASK_FOLDERS`; without it a folder is
            the `label` of what lies in it.
    """

    def __init__(self, mask_of: Mapping[str, Mask] | None = None) -> None:
        self._mask_of = mask_of
        self._folder_of = {mask: folder for folder, mask in (mask_of or {}).items()}

    def read(self, root: Path, losses: Losses) -> Iterator[Sample]:
        """The pictures and clips, class by class, by the order of names."""
        classes = folders(root)
        for stray in picture_files(root, losses, _SUFFIXES, read_apart=classes):
            raise LabelError(f"{stray}: expected it in the folder of a class, got it beside them")
        for folder in classes:
            if self._mask_of is not None:
                one_of(folder.name, self._mask_of, "a folder", str(folder))
            for path in picture_files(folder, losses, _SUFFIXES):
                yield self._sample(folder.name, path.name)

    def write(
        self, samples: Iterable[Sample], root: Path, losses: Losses, place: Place = nowhere
    ) -> None:
        """Tell where each picture and clip belongs; the folder is the label.

        A sample whose class is not known, or no name of a folder, cannot be held.
        """
        root.mkdir(parents=True, exist_ok=True)
        names = FreeNames()
        for sample in samples:
            folder = self._folder(sample)
            name = name_of(picture_path(sample) or sample.path)
            if folder is None or not _is_media(name):
                losses.add("sample")
                continue
            path = names.like(f"{folder}/{name}")
            count_without_boxes(sample, self._sample(*path.split("/")), losses)
            place(sample, path)

    def _folder(self, sample: Sample) -> str | None:
        if self._mask_of is not None:
            mask = sample.attributes.mask
            return None if mask is None else self._folder_of.get(mask)
        return sample.label if sample.label is not None and is_name(sample.label) else None

    def _sample(self, folder: str, name: str) -> Sample:
        if self._mask_of is None:
            return Sample(path=f"{folder}/{name}", label=folder)
        mask = self._mask_of[folder]
        return Sample(path=f"{folder}/{name}", attributes=Attributes(mask=mask))


def _is_media(name: str) -> bool:
    return is_name(name) and suffix_of(name).lower() in _SUFFIXES
