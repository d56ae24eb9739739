"""MSMT17: people at fifteen cameras of a campus, indoors and out (Wei et al., CVPR 2018)."""

from collections.abc import Iterator
from pathlib import Path

from datasets.catalog.count import Count
from datasets.catalog.parts import Published
from datasets.catalog.public_set import Edition, Place, PublicSet, Use, read_below
from datasets.formats.format import Losses
from datasets.formats.msmt17 import Msmt17
from datasets.samples import Sample, Split

FOLDER = "MSMT17_V1"


def read(folder: Path, losses: Losses) -> Iterator[Sample]:
    """The four lists."""
    return read_below(Msmt17(), folder, FOLDER, losses)


MSMT17 = PublicSet(
    name="msmt17",
    use=Use.REID,
    homepage="https://www.pkuvmc.com/dataset.html",
    licence="on request, for research only",
    commercial_use=False,
    editions=(
        Edition(
            place=Place.PUBLIC,
            parts=(
                # No checksum is published. V2 differs in blurred faces and names of folders.
                Published(
                    file_name=f"{FOLDER}.tar.gz",
                    url="https://www.pkuvmc.com/dataset.html",
                    by_hand=(
                        f"sign the release agreement and send it as the page says; the answer "
                        f"leads to {FOLDER}.tar.gz"
                    ),
                ),
            ),
            read=read,
            # The paper, table 1: 126,441 boxes of 4,101 people, 1,041 of them to train on, 15
            # cameras. The split of the 32,621 to train on is that of the lists.
            counts=(
                Count(samples=126_441, identities=4_101, cameras=15),
                Count(split=Split.TRAIN, samples=30_248),
                Count(split=Split.VALIDATION, samples=2_373),
                Count(split=Split.QUERY, samples=11_659, identities=3_060),
                Count(split=Split.GALLERY, samples=82_161, identities=3_060),
            ),
        ),
    ),
)
