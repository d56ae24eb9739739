"""Market-1501: people at six cameras in front of a supermarket (Zheng et al., ICCV 2015)."""

from collections.abc import Iterator
from pathlib import Path

from datasets.catalog.count import Count
from datasets.catalog.parts import Published
from datasets.catalog.public_set import Edition, Place, PublicSet, Use, read_below
from datasets.formats.format import Losses
from datasets.formats.market1501 import Market1501
from datasets.samples import Sample, Split

FOLDER = "Market-1501-v15.09.15"


def read(folder: Path, losses: Losses) -> Iterator[Sample]:
    """The three folders of pictures."""
    return read_below(Market1501(), folder, FOLDER, losses)


MARKET1501 = PublicSet(
    name="market1501",
    use=Use.REID,
    homepage="https://zheng-lab.cecs.anu.edu.au/Project/project_reid.html",
    licence="none stated by its makers: research only",
    commercial_use=False,
    editions=(
        Edition(
            place=Place.PUBLIC,
            parts=(
                Published(
                    file_name=f"{FOLDER}.zip",
                    url="https://drive.google.com/file/d/0B8-rUzbwVRk0c054eEozWG9COHM/view",
                    by_hand="a file on Google Drive: sign in where it asks, and press Download",
                    # As open-reid states it for this file; Google publishes none.
                    digest="md5:65005ab7d12ec1c44de4eeafe813e68a",
                    wanted=tuple(
                        f"{FOLDER}/{folder}/*"
                        for folder in ("bounding_box_train", "query", "bounding_box_test")
                    ),
                ),
            ),
            read=read,
            # The readme in the archive. The gallery has 750 people, 2,798 distractors and 3,819
            # junk boxes; the last two have no identity.
            counts=(
                Count(samples=36_036, identities=1_501, cameras=6),
                Count(split=Split.TRAIN, samples=12_936, identities=751),
                Count(split=Split.QUERY, samples=3_368, identities=750),
                Count(split=Split.GALLERY, samples=19_732, identities=750),
            ),
        ),
    ),
)
