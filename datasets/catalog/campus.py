"""CAMPUS auditorium: people over four synchronised views (Xu et al., CVPR 2016 and AAAI 2017)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from datasets.catalog.count import Count
from datasets.catalog.parts import MirrorFiles, Published
from datasets.catalog.public_set import Edition, Place, PublicSet, Use, read_below
from datasets.formats.campus import GENERATED, Campus
from datasets.formats.format import Losses
from datasets.samples import Box, Sample
from serving.core.errors import LabelError
from serving.core.labels import PERSON

_REPOSITORY = "https://bitbucket.org/merayxu/multiview-object-tracking-dataset"
_SCENE = "CAMPUS/Auditorium"
_MIRROR_FOLDER = "auditorium"
_MIRROR_FRAMES = 2_700
_NUM_FIELDS = 10
_LABELS = {"human": PERSON}


def read(folder: Path, losses: Losses) -> Iterator[Sample]:
    """The published text files, one a view; a frame in which nobody is seen is no sample."""
    scenes = sorted(path for path in folder.rglob("Auditorium") if path.is_dir())
    for view in sorted(path for scene in scenes for path in scene.glob("view-*.txt")):
        camera = view.stem.removeprefix("view-")
        path = view.relative_to(folder).with_suffix(".mp4").as_posix()
        for frame, boxes in sorted(_boxes(view).items()):
            yield Sample(
                path, frame_index=frame, camera=camera, source="Auditorium", boxes=tuple(boxes)
            )


def read_mirror(folder: Path, losses: Losses) -> Iterator[Sample]:
    """The mirror's tables, one a view."""
    form = Campus(num_frames=_MIRROR_FRAMES)
    return read_below(form, folder, _MIRROR_FOLDER, losses)


def _boxes(view: Path) -> dict[int, list[Box]]:
    """The boxes of a view by frame: rows `track xmin ymin xmax ymax frame lost occluded generated
    "label"`; those marked lost are out of sight."""
    found: dict[int, list[Box]] = defaultdict(list)
    for number, line in enumerate(view.read_text(encoding="utf-8").splitlines(), start=1):
        fields = line.split()
        try:
            track, *numbers, label = fields
            xmin, ymin, xmax, ymax, frame, lost, occluded, generated = map(int, numbers)
            if lost:
                continue
            box = Box(
                (xmin, ymin, xmax, ymax),
                _LABELS.get(label.strip('"'), label.strip('"')),
                track_id=track,
                identity=track,
                is_occluded=bool(occluded),
                properties={GENERATED: "1"} if generated else {},
            )
        except ValueError as error:
            raise LabelError(
                f"{view}:{number}: expected {_NUM_FIELDS} fields such as "
                f'3 10 20 30 60 0 0 1 0 "human", got {line!r}'
            ) from error
        found[frame].append(box)
    return found


CAMPUS = PublicSet(
    name="campus-auditorium",
    use=Use.TRACKING,
    homepage=_REPOSITORY,
    licence="MIT",
    commercial_use=True,
    editions=(
        Edition(
            place=Place.MIRROR,
            note="labels of frames 0 to 2,699, no pictures",
            parts=(
                MirrorFiles(
                    "data/multicamera/campus-auditorium", into=_MIRROR_FOLDER, size_bytes=698_314
                ),
            ),
            read=read_mirror,
            counts=(Count(samples=10_800, boxes=68_272, identities=21, cameras=4),),
            has_pictures=False,
        ),
        Edition(
            place=Place.PUBLIC,
            note="videos and labels",
            parts=(
                # A repository's archive is made for each request: neither checksum nor size.
                Published(
                    file_name="campus.zip",
                    url=f"{_REPOSITORY}/downloads/",
                    by_hand="press Download repository, and save it as campus.zip",
                    wanted=(f"*{_SCENE}/*",),
                ),
            ),
            read=read,
            # The makers state no numbers of boxes and people.
            counts=(Count(cameras=4),),
            has_pictures=False,
        ),
    ),
)
