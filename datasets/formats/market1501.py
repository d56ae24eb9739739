"""Market-1501: people by name of file (Zheng et al., Scalable Person Re-identification, ICCV 2015).

`0002_c1s1_000451_03.jpg` is person 0002 at camera 1, sequence 1, frame 451, box 3; the folder says
the split. Sequence, frame and box stay in the path. Two of the identities name nobody: `-1` is
junk, neither to be found nor wrong when it is, and `0000` a distractor, whom no query shows. Both
have no `identity`, and the property `market1501` says which.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from datasets.formats.format import Losses, Place, nowhere
from datasets.formats.held import count_without_boxes
from datasets.formats.layout import (
    FreeNames,
    Numbering,
    is_name,
    name_of,
    picture_files,
    picture_path,
    suffix_of,
)
from datasets.samples import Sample, Split
from serving.core.errors import LabelError

NOBODY = "market1501"
"""The property of a picture that shows nobody who has an identity: one of `NOBODIES`."""

NOBODIES = {"-1": "junk", "0000": "distractor"}

FOLDERS = {
    "bounding_box_train": Split.TRAIN,
    "query": Split.QUERY,
    "bounding_box_test": Split.GALLERY,
}

_NAME = re.compile(r"(?P<person>-1|\d+)_c(?P<camera>\d+)s\d+_\d+_\d+\b[^/]*", re.ASCII)
_FOLDER_OF = {split: folder for folder, split in FOLDERS.items()}
_NUMBER_OF = {kind: number for number, kind in NOBODIES.items()}
_FIRST_NEW_PERSON = 100_000
_FIRST_NEW_CAMERA = 1_000


class Market1501:
    """Reads and writes the three folders; `gt_bbox` and `gt_query` of the set are not read."""

    def read(self, root: Path, losses: Losses) -> Iterator[Sample]:
        """The pictures, folder by folder, by the order of their names.

        Files that are no pictures, as `Thumbs.db` of the published set, are counted as `file`.
        """
        found = [name for name in FOLDERS if (root / name).is_dir()]
        if not found:
            raise LabelError(f"{root}: expected one of the folders {list(FOLDERS)}, got none")
        for folder in found:
            for path in picture_files(root / folder, losses):
                yield _sample(f"{folder}/{path.name}", str(path))

    def write(
        self, samples: Iterable[Sample], root: Path, losses: Losses, place: Place = nowhere
    ) -> None:
        """Tell where each picture belongs; the names are the labels.

        Identities and cameras that are no numbers get numbers, and count as lost. A sample without
        identity, camera or one of the three splits cannot be held; neither can a whole clip.
        """
        for folder in FOLDERS:
            (root / folder).mkdir(parents=True, exist_ok=True)
        names, people = FreeNames(), Numbering(_FIRST_NEW_PERSON, first=1)
        cameras = Numbering(_FIRST_NEW_CAMERA)
        for sample in samples:
            person, picture = _person_of(sample, people), picture_path(sample)
            is_placed = sample.camera is not None and sample.split in _FOLDER_OF
            if person is None or picture is None or not is_placed:
                losses.add("sample")
                continue
            start = f"{person}_c{cameras.digits(sample.camera)}s"
            path = _path(picture, f"{_FOLDER_OF[sample.split]}/", start, names)
            count_without_boxes(sample, _sample(path, path), losses)
            place(sample, path)


def _person_of(sample: Sample, people: Numbering) -> str | None:
    """How a name says whom the picture shows; None where it cannot."""
    if sample.identity is None:
        return _NUMBER_OF.get(sample.properties.get(NOBODY, ""))
    return people.digits(sample.identity, width=4)


def _path(picture: str, folder: str, start: str, names: FreeNames) -> str:
    """The name that the picture has, where it says the same and is free, or a new one."""
    name = name_of(picture)
    says_the_same = name.startswith(start) and _NAME.fullmatch(name) and is_name(name)
    if says_the_same and names.take(folder + name):
        return folder + name
    return names.first(f"{folder}{start}1_", f"_01{suffix_of(picture)}", digits=6)


def _sample(path: str, where: str) -> Sample:
    folder, name = path.split("/")
    found = _NAME.fullmatch(name)
    if found is None:
        raise LabelError(f"{where}: expected a name such as 0002_c1s1_000451_03.jpg, got {name!r}")
    nobody = NOBODIES.get(found["person"])
    return Sample(
        path=path,
        camera=found["camera"],
        split=FOLDERS[folder],
        identity=None if nobody else found["person"],
        properties={NOBODY: nobody} if nobody else {},
    )
