"""COCO 2017, its people only (Lin et al., Microsoft COCO, 2014). Pictures without people stay."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from datasets.catalog.count import Count
from datasets.catalog.parts import Published
from datasets.catalog.public_set import Edition, Place, PublicSet, Use, read_below
from datasets.formats.coco_samples import CocoFormat
from datasets.formats.format import Losses
from datasets.samples import Sample, Split
from serving.core.labels import PERSON

_SITE = "http://images.cocodataset.org"


def read(folder: Path, losses: Losses) -> Iterator[Sample]:
    """All pictures with their people; the other 79 classes are counted as lost."""
    for sample in read_below(CocoFormat(), folder, ".", losses):
        people = tuple(box for box in sample.boxes if box.label == PERSON)
        losses.add("box of another class", len(sample.boxes) - len(people))
        yield replace(sample, boxes=people)


COCO_PERSONS = PublicSet(
    name="coco-persons",
    use=Use.DETECTION,
    homepage="https://cocodataset.org",
    licence="labels CC BY 4.0; pictures under the Flickr licence of each, some non-commercial",
    commercial_use=False,
    editions=(
        Edition(
            place=Place.PUBLIC,
            parts=(
                # MD5 and sizes as many projects state them for these files; COCO publishes none.
                Published(
                    file_name="annotations_trainval2017.zip",
                    url=f"{_SITE}/annotations/annotations_trainval2017.zip",
                    digest="md5:f4bbac642086de4f52a3fdda2de5fa2c",
                    size_bytes=252_907_541,
                    wanted=("annotations/instances_*.json",),
                ),
                Published(
                    file_name="val2017.zip",
                    url=f"{_SITE}/zips/val2017.zip",
                    digest="md5:442b8da7639aecaf257c1dceb8ba8c80",
                    size_bytes=815_585_330,
                ),
                Published(
                    file_name="train2017.zip",
                    url=f"{_SITE}/zips/train2017.zip",
                    digest="md5:cced6f7f71b7629ddf16f17bbcfab6b2",
                    size_bytes=19_336_861_798,
                ),
            ),
            read=read,
            # Pictures: cocodataset.org. People to validate on: 11,004, of them 227 crowds, as every
            # evaluation on that file prints. Those to train on are not asserted: of 262,465 in the
            # file some have no area, and readers differ in whether they count these.
            counts=(
                Count(split=Split.TRAIN, samples=118_287),
                Count(split=Split.VALIDATION, samples=5_000, boxes=10_777, ignored=227),
            ),
        ),
    ),
)
