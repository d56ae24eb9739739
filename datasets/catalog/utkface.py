"""UTKFace: faces from 0 to 116 years with age in years and gender (Zhang et al., CVPR 2017)."""

from collections.abc import Iterator
from pathlib import Path

from datasets.catalog.count import Count
from datasets.catalog.parts import Published
from datasets.catalog.public_set import Edition, Place, PublicSet, Use, read_below
from datasets.formats.format import Losses
from datasets.formats.utkface import UtkFace
from datasets.samples import Sample


def read(folder: Path, losses: Losses) -> Iterator[Sample]:
    """The faces, whose names are the labels."""
    return read_below(UtkFace(), folder, "UTKFace", losses)


UTKFACE = PublicSet(
    name="utkface",
    use=Use.ATTRIBUTES,
    homepage="https://susanqq.github.io/UTKFace/",
    licence="for non-commercial research only; the pictures belong to their owners",
    commercial_use=False,
    editions=(
        Edition(
            place=Place.PUBLIC,
            parts=(
                # No checksum is published.
                Published(
                    file_name="UTKFace.tar.gz",
                    url="https://susanqq.github.io/UTKFace/",
                    by_hand=(
                        "on the page, under Datasets, open the folder of Aligned&Cropped Faces "
                        "on Google Drive and download UTKFace.tar.gz"
                    ),
                ),
            ),
            read=read,
            # Files in the published archive; the page says "over 20,000".
            counts=(Count(samples=23_708),),
        ),
    ),
)
