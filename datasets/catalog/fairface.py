"""FairFace: faces with age band and gender, balanced over race (Kärkkäinen and Joo, WACV 2021).

Race is kept as a property, for fairness slices; nothing here predicts it.
"""

from collections.abc import Iterator
from pathlib import Path

from datasets.catalog.count import Count
from datasets.catalog.parts import MirrorArchive, MirrorFiles, Published
from datasets.catalog.public_set import Edition, Place, PublicSet, Use, read_below
from datasets.formats.fairface import FairFace
from datasets.formats.format import Losses
from datasets.samples import Sample, Split

_DRIVE = "https://drive.google.com/file/d"
_BY_HAND = "a file on Google Drive: press Download"


def read(folder: Path, losses: Losses) -> Iterator[Sample]:
    """The tables of training and validation; their paths are those in the archive."""
    return read_below(FairFace(), folder, ".", losses)


def read_mirror(folder: Path, losses: Losses) -> Iterator[Sample]:
    """The one table of the mirror, over its `images` folder; it says no split."""
    return read_below(FairFace(picture_folder="images"), folder, ".", losses)


FAIRFACE = PublicSet(
    name="fairface",
    use=Use.ATTRIBUTES,
    homepage="https://github.com/joojs/fairface",
    licence="CC BY 4.0",
    commercial_use=True,
    editions=(
        Edition(
            place=Place.MIRROR,
            note="a part, in 128×128",
            parts=(
                MirrorArchive(
                    "data/age_gender/images.zip",
                    "sha256:86e28bbb788b6614ffa1d8da3c7da548a3c422512046e1f0b4d9b19324e012fc",
                    size_bytes=51_840_870,
                ),
                MirrorFiles("data/age_gender", wanted=("labels.csv",), size_bytes=909_555),
            ),
            read=read_mirror,
            counts=(Count(samples=22_755),),
        ),
        Edition(
            place=Place.PUBLIC,
            parts=(
                # No checksum is published for any of the three.
                Published(
                    file_name="fairface-img-margin025-trainval.zip",
                    url=f"{_DRIVE}/1Z1RqRo0_JiavaZw2yzZG6WETdZQ8qX86/view",
                    by_hand=f"{_BY_HAND} (padding 0.25)",
                ),
                Published(
                    file_name="fairface_label_train.csv",
                    url=f"{_DRIVE}/1i1L3Yqwaio7YSOCj7ftgk8ZZchPG7dmH/view",
                    by_hand=_BY_HAND,
                    is_archive=False,
                ),
                Published(
                    file_name="fairface_label_val.csv",
                    url=f"{_DRIVE}/1wOdja-ezstMEp81tX1a-EYkFebev4h7D/view",
                    by_hand=_BY_HAND,
                    is_archive=False,
                ),
            ),
            read=read,
            # Rows of the published tables. The paper counts 108,501 faces, of which the test part
            # was never published.
            counts=(
                Count(split=Split.TRAIN, samples=86_744),
                Count(split=Split.VALIDATION, samples=10_954),
            ),
        ),
    ),
)
