"""MOTChallenge 2015, 2017 and 2020: people tracked in street scenes (motchallenge.net).

Ground truth of the test sequences is not published: they are unlabelled samples here.
"""

from collections.abc import Iterator
from pathlib import Path

from datasets.catalog.count import Count
from datasets.catalog.parts import Published
from datasets.catalog.public_set import Edition, Place, PublicSet, Reader, Use, read_below
from datasets.files import write_atomically
from datasets.formats.format import Losses
from datasets.formats.mot_boxes import MotDialect
from datasets.formats.mot_sequences import MotSequences
from datasets.formats.seqinfo import FILE_NAME
from datasets.media import image_size_hw
from datasets.samples import Sample, Split
from serving.core.labels import PERSON

SITE = "https://motchallenge.net"
LICENCE = "CC BY-NC-SA 3.0"


def _reader(folder_name: str, dialect: MotDialect) -> Reader:
    """Reads the archive's one folder, or its folders `train` and `test` where it has none."""

    def read(folder: Path, losses: Losses) -> Iterator[Sample]:
        path = folder_name if (folder / folder_name).is_dir() else "."
        _complete(folder / path)
        return read_below(MotSequences(dialect), folder, path, losses)

    return read


def _complete(root: Path) -> None:
    """Write the `seqinfo.ini` of sequences that have none, as in older archives of 2015."""
    for pictures in sorted(root.glob("t*/*/img1")):
        info, names = pictures.parent / FILE_NAME, sorted(pictures.glob("*.jpg"))
        if names and not info.exists():
            height, width = image_size_hw(names[0])
            write_atomically(
                info,
                f"[Sequence]\nname={pictures.parent.name}\nimDir=img1\nimExt=.jpg\n"
                f"seqLength={len(names)}\nimWidth={width}\nimHeight={height}\n",
            )


def _challenge(
    name: str, dialect: MotDialect, counts: tuple[Count, ...], wanted: tuple[str, ...] = ("*",)
) -> PublicSet:
    title = name.upper()
    # The site publishes no checksums.
    archive = Published(f"{title}.zip", f"{SITE}/data/{title}.zip", wanted=wanted)
    edition = Edition(Place.PUBLIC, (archive,), _reader(title, dialect), counts)
    return PublicSet(name, Use.TRACKING, f"{SITE}/data/{title}/", LICENCE, False, (edition,))


# The counts are those of the tables on each challenge's page and in its paper. Boxes are people
# that are to be found; other classes and people marked as not to be considered are ignored.

MOT15 = _challenge(
    "mot15",
    MotDialect.MOT15,
    (
        Count(split=Split.TRAIN, samples=5_500, boxes=39_905, tracks=500, sources=11),
        Count(split=Split.TEST, samples=5_783, sources=11),
    ),
)

MOT17 = _challenge(
    "mot17",
    MotDialect.MOT17,
    (
        Count(
            split=Split.TRAIN,
            box_label=PERSON,
            samples=5_316,
            boxes=112_297,
            tracks=546,
            sources=7,
        ),
        Count(split=Split.TEST, samples=5_919, sources=7),
    ),
    # Each sequence stands there three times, with other detections and the same frames.
    wanted=("*train/*-FRCNN/*", "*test/*-FRCNN/*"),
)

MOT20 = _challenge(
    "mot20",
    MotDialect.MOT20,
    (
        Count(
            split=Split.TRAIN,
            box_label=PERSON,
            samples=8_931,
            boxes=1_134_614,
            tracks=2_215,
            sources=4,
        ),
        Count(split=Split.TEST, samples=4_479, sources=4),
    ),
)
