"""MSMT17: people by lists of pictures (Wei et al., Person Transfer GAN, CVPR 2018).

A line of `list_train.txt` and `list_val.txt` names a picture below `train/`, one of
`list_query.txt` and `list_gallery.txt` one below `test/`, and the person's number, as in
`0012/0012_003_01_0303morning_0015_0.jpg 12`. The numbers of `train` and `test` both start at 0 and
mean different people, so an identity here is `train/12` or `test/12`. The camera is the third field
of the name; the other fields stay in the path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from datasets.files import write_atomically
from datasets.formats.format import Losses, Place, nowhere
from datasets.formats.held import count_without_boxes
from datasets.formats.layout import FreeNames, Numbering, picture_path, suffix_of, whole_number
from datasets.formats.pictures import read_lines
from datasets.formats.tables import checked_path
from datasets.samples import Sample, Split
from serving.core.errors import LabelError

_LISTS = {
    "list_train.txt": (Split.TRAIN, "train"),
    "list_val.txt": (Split.VALIDATION, "train"),
    "list_query.txt": (Split.QUERY, "test"),
    "list_gallery.txt": (Split.GALLERY, "test"),
}
_LIST_OF = {split: name for name, (split, _) in _LISTS.items()}
_LINE = re.compile(r"(?P<path>\S.*) (?P<person>\d+)", re.ASCII)
_NAME = re.compile(r"(?:[^/]+/)*(?P<person>\d+)_\d+_(?P<camera>\d+)_[^/]*", re.ASCII)
_FIRST_NEW_PERSON = 100_000
_FIRST_NEW_CAMERA = 1_000


class Msmt17:
    """Reads the lists that a folder has and writes those of the splits that occur.

    Args:
        train_folder: where the pictures of training and validation lie; `mask_train_v2` in V2.
        test_folder: where those of queries and gallery lie; `mask_test_v2` in V2.
    """

    def __init__(self, train_folder: str = "train", test_folder: str = "test") -> None:
        self._folder_of = {"train": train_folder, "test": test_folder}

    def read(self, root: Path, losses: Losses) -> Iterator[Sample]:
        """The pictures, list by list, in the order of the lines."""
        found = [name for name in _LISTS if (root / name).is_file()]
        if not found:
            raise LabelError(f"{root}: expected one of the lists {list(_LISTS)}, got none")
        for name in found:
            for where, line in read_lines(root / name):
                if line.strip():
                    yield self._sample(line, name, where)

    def write(
        self, samples: Iterable[Sample], root: Path, losses: Losses, place: Place = nowhere
    ) -> None:
        """Write the lists.

        Identities and cameras that are no numbers get numbers, and count as lost, as does an
        identity that does not start with `train/` or `test/` as its split does. A sample without
        identity or camera, or of another split, cannot be held; neither can a whole clip.
        """
        names, cameras = FreeNames(), Numbering(_FIRST_NEW_CAMERA)
        people = {half: Numbering(_FIRST_NEW_PERSON) for half in self._folder_of}
        lines: dict[str, list[str]] = {}
        for sample in samples:
            split, identity, camera = sample.split, sample.identity, sample.camera
            own = picture_path(sample)
            if split not in _LIST_OF or not identity or not camera or own is None:
                losses.add("sample")
                continue
            name = _LIST_OF[split]
            half = _LISTS[name][1]
            wanted = whole_number(identity.removeprefix(f"{half}/"))
            person = people[half].number(identity, wanted)
            picture = self._picture(own, half, person, cameras.digits(camera, width=2), names)
            line = f"{picture} {person}"
            held = self._sample(line, name, line)
            count_without_boxes(sample, held, losses)
            lines.setdefault(name, []).append(line)
            place(sample, held.path)
        for name, listed in (lines or {"list_train.txt": []}).items():
            write_atomically(root / name, "".join(f"{line}\n" for line in listed))

    def _picture(self, own: str, half: str, person: int, camera: str, names: FreeNames) -> str:
        """The path below the half's folder: the one it has, where it says the same and is free."""
        folder = f"{self._folder_of[half]}/"
        path = own.removeprefix(folder)
        found = _NAME.fullmatch(path)
        says_the_same = found and (int(found["person"]), found["camera"]) == (person, camera)
        if says_the_same and path.isprintable() and names.take(folder + path):
            return path
        start, end = f"{folder}{person:04d}/{person:04d}_", f"_{camera}_0_0_0{suffix_of(path)}"
        return names.first(start, end, start=0, digits=3).removeprefix(folder)

    def _sample(self, line: str, list_name: str, where: str) -> Sample:
        found = _LINE.fullmatch(line)
        if found is None:
            raise LabelError(f"{where}: expected a path and a person's number, got {line!r}")
        named = _NAME.fullmatch(found["path"])
        if named is None:
            raise LabelError(
                f"{where}: expected a name such as 0012_003_01_0303morning_0015_0.jpg, "
                f"got {found['path']!r}"
            )
        split, half = _LISTS[list_name]
        return Sample(
            path=f"{self._folder_of[half]}/{checked_path(found['path'], where)}",
            camera=named["camera"],
            split=split,
            identity=f"{half}/{int(found['person'])}",
        )
