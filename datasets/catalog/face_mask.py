"""Faces with and without a mask (github.com/chandrikadeb7/Face-Mask-Detection).

The two classes were collected in different ways, so a model can cheat on the style of a picture.
"""

from collections.abc import Iterator
from pathlib import Path

from datasets.catalog.count import Count
from datasets.catalog.parts import MirrorFiles, Published
from datasets.catalog.public_set import Edition, Place, PublicSet, Use, read_below
from datasets.formats.class_folders import MASK_FOLDERS, ClassFolders
from datasets.formats.format import Losses
from datasets.samples import Sample
from serving.core.labels import Mask

_REPOSITORY = "https://github.com/chandrikadeb7/Face-Mask-Detection"
_FOLDER = "Face-Mask-Detection-master/dataset"
_MIRROR_FOLDER = "faces"


def read(folder: Path, losses: Losses) -> Iterator[Sample]:
    """The folders of the repository."""
    return read_below(ClassFolders(MASK_FOLDERS), folder, _FOLDER, losses)


def read_mirror(folder: Path, losses: Losses) -> Iterator[Sample]:
    """The folders of the mirror."""
    return read_below(ClassFolders(MASK_FOLDERS), folder, _MIRROR_FOLDER, losses)


FACE_MASK = PublicSet(
    name="face-mask",
    use=Use.MASKS,
    homepage=_REPOSITORY,
    licence="repository MIT; rights in the pictures not cleared: train and measure, do not pass on",
    commercial_use=False,
    editions=(
        Edition(
            place=Place.MIRROR,
            note="a part",
            parts=(MirrorFiles("data/mask", into=_MIRROR_FOLDER, size_bytes=8_264_216),),
            read=read_mirror,
            counts=(
                Count(mask=Mask.MASKED, samples=891),
                Count(mask=Mask.UNMASKED, samples=900),
            ),
        ),
        Edition(
            place=Place.PUBLIC,
            parts=(
                # GitHub makes the archive anew for each request: neither checksum nor size.
                Published(
                    file_name="Face-Mask-Detection-master.zip",
                    url=f"{_REPOSITORY}/archive/refs/heads/master.zip",
                    wanted=tuple(f"{_FOLDER}/{folder}/*" for folder in MASK_FOLDERS),
                ),
            ),
            read=read,
            # The repository's README.
            counts=(
                Count(mask=Mask.MASKED, samples=2_165),
                Count(mask=Mask.UNMASKED, samples=1_930),
            ),
        ),
    ),
)
