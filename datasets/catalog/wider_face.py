"""WIDER FACE: faces in 61 kinds of events (Yang et al., CVPR 2016).

Its test pictures stay away: their labels are not published.
"""

from collections.abc import Iterator
from pathlib import Path

from datasets.catalog.count import Count
from datasets.catalog.parts import Published
from datasets.catalog.public_set import Edition, Place, PublicSet, Use, read_below
from datasets.formats.format import Losses
from datasets.formats.wider_face import WiderFace
from datasets.samples import Sample, Split

# The makers' own copy; the homepage leads to it beside a drive.
_COPY = "https://huggingface.co/datasets/CUHK-CSE/wider_face/resolve/main/data"


def read(folder: Path, losses: Losses) -> Iterator[Sample]:
    """The two label files of `wider_face_split`."""
    return read_below(WiderFace(), folder, ".", losses)


def _published(file_name: str, md5: str, wanted: tuple[str, ...] = ("*",)) -> Published:
    """One archive; the checksum is the one that torchvision has for it."""
    return Published(file_name, f"{_COPY}/{file_name}", digest=f"md5:{md5}", wanted=wanted)


WIDER_FACE = PublicSet(
    name="wider-face",
    use=Use.FACES,
    homepage="http://shuoyang1213.me/WIDERFACE/",
    licence="CC BY-NC-ND 4.0; pictures from the web",
    commercial_use=False,
    editions=(
        Edition(
            place=Place.PUBLIC,
            parts=(
                _published(
                    "wider_face_split.zip",
                    "0e3767bcf0e326556d407bf5bff5d27c",
                    wanted=("wider_face_split/*_bbx_gt.txt",),
                ),
                _published("WIDER_train.zip", "3fedf70df600953d25982bcd13d91ba2"),
                _published("WIDER_val.zip", "dfa7d7e790efa35df3788964cf0bbaea"),
            ),
            read=read,
            # The homepage: 32,203 pictures, 40, 10 and 50 % of each kind of event to train on, to
            # validate on and to test on. Faces are not asserted: sources differ in whether they
            # count those marked as invalid and the pictures without any.
            counts=(
                Count(split=Split.TRAIN, samples=12_880),
                Count(split=Split.VALIDATION, samples=3_226),
            ),
        ),
    ),
)
