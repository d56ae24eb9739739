"""CVAT XML 1.1, for images and for videos, as CVAT exports and imports both.

    annotations.xml    images/a/b.jpg       all pictures: <image> with <box> and <tag>
    a/door.avi.xml     a/door.avi           each video: <track>, see `cvat_tracks`

`<tag>` is the class of the whole picture. What CVAT has no place for stands in the attributes of a
box, by name: `identity`, `gender`. `group_id` is a number; another group is an attribute too. Boxes
may reach beyond the border. A turned box (`rotation`) is read as the upright one around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from datasets.files import open_atomically
from datasets.formats.cvat_boxes import NATIVE, box_from, box_text, group_id, held_box
from datasets.formats.cvat_tracks import (
    END,
    HEAD,
    VideoLabels,
    split_of_subset,
    video_samples,
    write_video,
)
from datasets.formats.format import Losses, Place, nowhere
from datasets.formats.held import count_box, count_sample
from datasets.formats.layout import FreeNames
from datasets.formats.pictures import layout_name
from datasets.formats.splits import word_of
from datasets.formats.tables import checked_path
from datasets.formats.xml_files import (
    Element,
    children,
    start_tag,
    whole_of,
)
from datasets.samples import Box, Sample
from serving.core.errors import LabelError

_PICTURES_FILE = "annotations.xml"
_PICTURES = "images"


@dataclass(frozen=True, slots=True)
class CvatFormat:
    """A CVAT XML file, or all of a folder; see the module.

    Args:
        video: the video that tracks are of, for files that do not name it.
    """

    video: str | None = None

    def read(self, root: Path, losses: Losses) -> Iterator[Sample]:
        """The samples: pictures in the order of the file, then frames in their order."""
        base = root if root.is_dir() else root.parent
        paths = sorted(root.rglob("*.xml")) if root.is_dir() else [root]
        if not paths:
            raise LabelError(f"{root}: expected CVAT XML files, got none")
        for path in paths:
            yield from self._read_file(path, base, losses)

    def _read_file(self, path: Path, base: Path, losses: Losses) -> Iterator[Sample]:
        folder = PurePosixPath(path.parent.relative_to(base))
        pictures = folder / _PICTURES if (base / folder / _PICTURES).is_dir() else folder
        seen: set[str] = set()
        labels = VideoLabels(path)
        for element in children(path, "annotations"):
            if element.tag == "image":
                sample = _picture(element, pictures, f"{path}", losses)
                if sample.path in seen:
                    raise LabelError(
                        f"{path}, image '{element.get('name')}': expected each once, got it twice"
                    )
                seen.add(sample.path)
                yield sample
            elif element.tag == "meta":
                labels.take_meta(element)
            elif element.tag == "track":
                labels.take_track(element, losses)
            elif element.tag != "version":
                losses.add(element.tag)
        if not seen:
            yield from video_samples(labels, folder, self.video, losses)

    def write(
        self, samples: Iterable[Sample], root: Path, losses: Losses, place: Place = nowhere
    ) -> None:
        """Write one file of all pictures, as they come, and one of each video, at the end."""
        videos: dict[str, list[Sample]] = {}
        free = FreeNames()
        with ExitStack() as stack:
            file: BinaryIO | None = None
            num_images = 0
            for sample in samples:
                if not sample.is_labelled or (sample.is_video and sample.frame_index is None):
                    losses.add("sample")
                elif sample.frame_index is not None:
                    videos.setdefault(sample.path, []).append(sample)
                else:
                    if file is None:
                        file = stack.enter_context(_opened(root))
                    name = free.like(layout_name(sample))
                    file.write(_image_text(sample, num_images, name, losses).encode())
                    num_images += 1
                    place(sample, f"{_PICTURES}/{name}")
        has_files = file is not None
        for path, frames in videos.items():
            has_files |= write_video(frames, root / f"{path}.xml", losses, place)
        if not has_files:  # so that "nothing" can be read too
            with _opened(root):
                pass


@contextmanager
def _opened(root: Path) -> Iterator[BinaryIO]:
    """The file of pictures, between its beginning and its end."""
    with open_atomically(root / _PICTURES_FILE) as file:
        file.write(HEAD.encode())
        yield file
        file.write(END.encode())


def _picture(element: Element, folder: PurePosixPath, where: str, losses: Losses) -> Sample:
    name = element.get("name") or ""
    at = f"{where}, image '{name}'"
    size_hw = None
    if element.get("width") is not None:
        width = whole_of(element.get("width"), "width", at)
        size_hw = (whole_of(element.get("height"), "height", at), width)
    boxes: list[Box] = []
    label: str | None = None
    for child in element:
        if child.tag == "box":
            row = len(boxes) + 1
            boxes.append(box_from(child, child.get("label"), f"{at}, box {row}", losses))
        elif child.tag == "tag" and label is None:
            label = child.get("label")
            losses.add("tag.attribute", len(child))
        else:
            losses.add(child.tag)
    try:
        return Sample(
            (folder / checked_path(name, at)).as_posix(),
            image_size_hw=size_hw,
            split=split_of_subset(element.get("subset"), losses),
            label=label,
            boxes=tuple(boxes),
        )
    except ValueError as error:
        raise LabelError(f"{at}: {error}") from error


def _image_text(sample: Sample, id_: int, name: str, losses: Losses) -> str:
    held = Sample(
        sample.path, image_size_hw=sample.image_size_hw, split=sample.split, label=sample.label
    )
    count_sample(sample, held, losses)
    at = f"sample '{sample.key}'"
    height, width = sample.image_size_hw or (None, None)
    subset = None if sample.split is None else word_of(sample.split)
    text = start_tag("image", at, id=id_, name=name, subset=subset, width=width, height=height)
    if sample.label is not None:
        text += f"{start_tag('tag', at, label=sample.label, source='manual')}</tag>\n"
    for box in sample.boxes:
        kept = held_box(box)
        count_box(box, kept, losses)
        group = group_id(kept)
        native = NATIVE if group is None else (*NATIVE, "group")
        text += box_text(kept, at, native, label=kept.label, source="manual", group_id=group)
    return f"{text}</image>\n"
