"""PETS09-S2L1: the public ground truth of the sample video, frame for frame that of `vtest`.

It is for evaluation: not to be trained on, copied into the repository or passed on.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from datasets.catalog.count import Count
from datasets.catalog.mot_challenge import LICENCE, SITE
from datasets.catalog.parts import MirrorFiles, Published, SingleFile
from datasets.catalog.public_set import Edition, Place, PublicSet, Use, read_below
from datasets.catalog.vtest import NUM_FRAMES, VTEST
from datasets.formats.format import Losses
from datasets.formats.mot_boxes import MotDialect
from datasets.formats.mot_sequences import MotSequences
from datasets.samples import Sample

_NAME = "PETS09-S2L1"
_FOLDER = f"MOT15Labels/train/{_NAME}"
_MIRROR_FOLDER = "data/tracking/pets09-s2l1"


def read(folder: Path, losses: Losses) -> Iterator[Sample]:
    """The frames of the video; what the challenge calls its training part is no split of ours."""
    form = MotSequences(MotDialect.MOT15, video=VTEST.file_name)
    for sample in read_below(form, folder, _FOLDER, losses):
        yield replace(sample, split=None)


# The challenge's page and paper: 795 frames, 4,476 boxes, 19 people.
_COUNTS = (Count(samples=NUM_FRAMES, boxes=4_476, tracks=19, sources=1),)

PETS09 = PublicSet(
    name="pets09-s2l1",
    use=Use.TRACKING,
    homepage=f"{SITE}/vis/{_NAME}",
    licence=f"ground truth {LICENCE}; video a sample of the OpenCV project",
    commercial_use=False,
    editions=(
        Edition(
            place=Place.MIRROR,
            parts=(
                SingleFile(VTEST, into=_FOLDER),
                MirrorFiles(
                    _MIRROR_FOLDER, wanted=("gt.txt",), into=f"{_FOLDER}/gt", size_bytes=221_001
                ),
                MirrorFiles(_MIRROR_FOLDER, wanted=("seqinfo.ini",), into=_FOLDER, size_bytes=102),
            ),
            read=read,
            counts=_COUNTS,
        ),
        Edition(
            place=Place.PUBLIC,
            parts=(
                # The site publishes no checksum.
                Published(
                    file_name="MOT15Labels.zip",
                    url=f"{SITE}/data/MOT15Labels.zip",
                    size_bytes=1_534_073,
                    wanted=(f"{_FOLDER}/gt/gt.txt", f"{_FOLDER}/seqinfo.ini"),
                ),
                SingleFile(VTEST, into=_FOLDER),
            ),
            read=read,
            counts=_COUNTS,
        ),
    ),
)
