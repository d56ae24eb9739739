"""PA-100K: pedestrians with 26 attributes (Liu et al., HydraPlus-Net, ICCV 2017)."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from datasets.catalog.count import Count
from datasets.catalog.parts import Published
from datasets.catalog.public_set import Edition, Place, PublicSet, Use
from datasets.formats.format import Losses
from datasets.formats.pa100k import FILE_NAME, Pa100k
from datasets.samples import Sample, Split

_DRIVE = "https://drive.google.com/drive/folders/0B5_Ra3JsEOyOUlhKM0VPZ1ZWR2M"


def read(folder: Path, losses: Losses) -> Iterator[Sample]:
    """The pictures that the one file of labels names, in whatever folder of their archive."""
    base = next((path.parent for path in sorted(folder.rglob("*.jpg"))), folder)
    for sample in Pa100k(picture_folder="").read(folder / FILE_NAME, losses):
        yield replace(sample, path=(base / sample.path).relative_to(folder).as_posix())


PA100K = PublicSet(
    name="pa100k",
    use=Use.ATTRIBUTES,
    homepage="https://github.com/xh-liu/HydraPlus-Net",
    licence="none stated by its makers: research only",
    commercial_use=False,
    editions=(
        Edition(
            place=Place.PUBLIC,
            parts=(
                # No checksum is published for either.
                Published(
                    file_name="data.zip",
                    url=_DRIVE,
                    by_hand="a folder on Google Drive: download the archive of pictures, "
                    "000001.jpg to 100000.jpg, and save it under this name",
                ),
                Published(
                    file_name=FILE_NAME,
                    url=_DRIVE,
                    by_hand="from the same folder, unpacked where it is in an archive",
                    is_archive=False,
                ),
            ),
            read=read,
            # The paper: 100,000 pictures, split 8:1:1 at random by tracks.
            counts=(
                Count(split=Split.TRAIN, samples=80_000),
                Count(split=Split.VALIDATION, samples=10_000),
                Count(split=Split.TEST, samples=10_000),
            ),
        ),
    ),
)
