"""Staged shoplifting clips, three seconds each, cut from the MNNIT Allahabad set of 2022.

The clips are those of github.com/squishybalz/retail-shoplifting-detection; the videos that they
were cut from are Ansari and Singh, doi.org/10.17632/r3yjf35hzr.1. Clips of one recording share a
`source`, and belong in one split.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from datasets.catalog.count import Count
from datasets.catalog.parts import MirrorFiles, Published
from datasets.catalog.public_set import Edition, Place, PublicSet, Use, read_below
from datasets.formats.class_folders import ClassFolders
from datasets.formats.clip_table import ClipTable
from datasets.formats.format import Losses
from datasets.samples import Sample

_REPOSITORY = "https://github.com/squishybalz/retail-shoplifting-detection"
_COMMIT = "3d0ea68bfc48d023a2b3c79317d01caa63c881d7"
_FOLDER = f"retail-shoplifting-detection-{_COMMIT}/data"
_LABEL_OF = {"Class_0_Normal": "normal", "Class_1_Shoplifting": "shoplifting"}
_PIECE = re.compile(r"(?P<recording>.+)_f\d+")


def read(folder: Path, losses: Losses) -> Iterator[Sample]:
    """The repository's two folders; the name before `_f1` is the recording."""
    for sample in read_below(ClassFolders(), folder, _FOLDER, losses):
        found = _PIECE.fullmatch(Path(sample.path).stem)
        source = found["recording"] if found else Path(sample.path).stem
        yield replace(sample, label=_LABEL_OF[sample.label or ""], source=source)


def read_mirror(folder: Path, losses: Losses) -> Iterator[Sample]:
    """The mirror's table."""
    return read_below(ClipTable(clip_folder="clips"), folder, ".", losses)


SHOPLIFTING = PublicSet(
    name="shoplifting",
    use=Use.ACTIVITY,
    homepage=_REPOSITORY,
    licence="CC BY 4.0, as the original videos; the clips' repository states none: research",
    commercial_use=False,
    editions=(
        Edition(
            place=Place.MIRROR,
            note="a part",
            parts=(MirrorFiles("data/shoplifting", size_bytes=31_621_004),),
            read=read_mirror,
            counts=(
                Count(samples=255, sources=119),
                Count(label="normal", samples=126),
                Count(label="shoplifting", samples=129),
            ),
        ),
        Edition(
            place=Place.PUBLIC,
            parts=(
                # GitHub makes the archive anew for each request: neither checksum nor size.
                Published(
                    file_name=f"{_COMMIT}.zip",
                    url=f"{_REPOSITORY}/archive/{_COMMIT}.zip",
                    wanted=tuple(f"{_FOLDER}/{folder}/*.mp4" for folder in _LABEL_OF),
                ),
            ),
            read=read,
            # The repository's README.
            counts=(
                Count(samples=358),
                Count(label="normal", samples=179),
                Count(label="shoplifting", samples=179),
            ),
        ),
    ),
)
