"""PKU-Reid: people at two cameras, each from eight directions (Ma et al., arXiv 1605.02464)."""

import re
from collections.abc import Iterator
from pathlib import Path

from datasets.catalog.count import Count
from datasets.catalog.parts import MirrorFiles, Published
from datasets.catalog.public_set import Edition, Place, PublicSet, Use, read_below
from datasets.formats.format import Losses
from datasets.formats.identity_folders import IdentityFolders
from datasets.samples import Sample

_MIRROR_FOLDER = "people"
_NAME = re.compile(r"(?P<person>\d+)_(?P<camera>\d+)_(?P<direction>\d+)\.png")


def read(folder: Path, losses: Losses) -> Iterator[Sample]:
    """The published pictures, `PERSON_CAMERA_DIRECTION.png`, in whatever folder of the archive."""
    for path in sorted(folder.rglob("*.png")):
        found = _NAME.fullmatch(path.name)
        if found is None:
            losses.add("file")
            continue
        yield Sample(
            path=path.relative_to(folder).as_posix(),
            identity=found["person"],
            camera=found["camera"],
            properties={"direction": found["direction"]},
        )


def read_mirror(folder: Path, losses: Losses) -> Iterator[Sample]:
    """The mirror's folders of people, `PERSON/CAMERA_DIRECTION.png`."""
    return read_below(IdentityFolders("{camera}_{direction}"), folder, _MIRROR_FOLDER, losses)


PKU_REID = PublicSet(
    name="pku-reid",
    use=Use.REID,
    homepage="https://github.com/charliememory/PKU-Reid-Dataset",
    licence="CC BY-NC-SA 4.0: measure only, ship no weights trained on it",
    commercial_use=False,
    editions=(
        Edition(
            place=Place.MIRROR,
            note="a part",
            parts=(MirrorFiles("data/reid", into=_MIRROR_FOLDER, size_bytes=1_615_075),),
            read=read_mirror,
            counts=(Count(samples=704, identities=44, cameras=2),),
        ),
        Edition(
            place=Place.PUBLIC,
            parts=(
                # No checksum is published.
                Published(
                    file_name="PKU-Reid.zip",
                    url="https://drive.google.com/file/d/0B176otcbAxRIbEJRbGpiYXlUOUk/view"
                    "?resourcekey=0-GbVYgWNz-AUp52pEYZh9uA",
                    by_hand="a file on Google Drive: press Download, and save it under this name",
                ),
            ),
            read=read,
            # The repository's README: 114 people, 1,824 pictures, two cameras.
            counts=(Count(samples=1_824, identities=114, cameras=2),),
        ),
    ),
)
