"""CrowdHuman: crowds with full, visible and head boxes (Shao et al., arXiv 1805.00123)."""

from collections.abc import Iterator
from pathlib import Path

from datasets.catalog.count import Count
from datasets.catalog.parts import Published
from datasets.catalog.public_set import Edition, Place, PublicSet, Use, read_below
from datasets.formats.crowdhuman import CrowdHuman
from datasets.formats.format import Losses
from datasets.samples import Sample, Split

# The first author's copy: the drive that the homepage leads to no longer has all files.
_COPY = "https://huggingface.co/datasets/sshao0516/CrowdHuman/resolve/main"


def read(folder: Path, losses: Losses) -> Iterator[Sample]:
    """The two label files; pictures of both lie in `Images`."""
    return read_below(CrowdHuman(), folder, ".", losses)


def _published(file_name: str, size_bytes: int) -> Published:
    """One file of the copy; no checksum is published."""
    return Published(
        file_name,
        f"{_COPY}/{file_name}",
        size_bytes=size_bytes,
        is_archive=file_name.endswith(".zip"),
    )


CROWDHUMAN = PublicSet(
    name="crowdhuman",
    use=Use.DETECTION,
    homepage="https://www.crowdhuman.org",
    licence="non-commercial research and education only; pictures not to be passed on",
    commercial_use=False,
    editions=(
        Edition(
            place=Place.PUBLIC,
            parts=(
                _published("annotation_train.odgt", 80_017_502),
                _published("annotation_val.odgt", 23_323_139),
                _published("CrowdHuman_train01.zip", 2_970_597_373),
                _published("CrowdHuman_train02.zip", 3_092_749_718),
                _published("CrowdHuman_train03.zip", 2_306_357_030),
                _published("CrowdHuman_val.zip", 2_488_658_160),
            ),
            read=read,
            # The paper, table 1. Its 339,565 people to train on are not asserted: no source says
            # how it counts those whose boxes are to be ignored.
            counts=(
                Count(split=Split.TRAIN, samples=15_000),
                Count(split=Split.VALIDATION, samples=4_370),
            ),
        ),
    ),
)
