"""Choose the frames of footage or of a live camera that are worth labelling, as a data set.

Sources are video files, folders of pictures, or addresses: rtsp://, http:// (MJPEG), tcp:// and
udp:// (MPEG-TS). A second run into the same folder adds only frames that are not there. A live
camera is watched for --limit-s and connected again when it breaks off; passwords in addresses are
never shown or kept. Exits with 1 where footage broke off; what was got until then is kept.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.exit_codes import INTERRUPTED_EXIT_CODE
from serving.core.errors import ConfigError
from serving.core.zoo import PERSON_DETECTOR

if TYPE_CHECKING:
    from datasets.sampling.blur import FaceBlur
    from datasets.sampling.clusters import Embeds
    from datasets.sampling.collection import About, Collection
    from datasets.sampling.footage import Footage
    from datasets.sampling.run import Outcome
    from datasets.sampling.way import Way
    from serving.inference.backend import Backend

NAME = "sample"

_LIVE_LIMIT_S = 60.0
_YEARS = range(1900, 3000)
"""In which a recording can have begun."""
_NUM_THREADS = 2
_LEAST_SCORE = 0.05
"""Of a person who is looked at at all: doubt begins far below what is believed."""
_CLOSE_TOGETHER_IOU = 0.9
"""People who overlap up to here are two, where their heads are hidden."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="file, folder or address")
    parser.add_argument("--into", type=Path, required=True, metavar="DIR", help="the data set")
    parser.add_argument("--camera", required=True, type=_camera, help="the camera's id")
    _add_ways(parser.add_argument_group("ways of choosing, at least one"))
    parser.add_argument("--max", type=int, metavar="N", help="at most so many frames")
    parser.add_argument("--limit-s", type=float, metavar="S", help="look at so many seconds only")
    parser.add_argument("--start-at", type=_moment, metavar="TIME", help=_START_AT)
    parser.add_argument("--fps", type=float, help="frames a second, where a file is wrong; folders")
    parser.add_argument("--format", choices=("jpg", "png"), default="jpg")
    parser.add_argument("--blur-faces", action="store_true", help="hide all faces and heads")
    parser.add_argument("--weights-dir", type=Path, help="where the face finder's weights lie")
    about = parser.add_argument_group("what a new data set says of itself")
    about.add_argument("--name", help="default: the folder's name")
    about.add_argument("--licence", help="default: not stated")
    about.add_argument("--source", help="default: own footage")
    about.add_argument("--commercial-use", action="store_true", help="the licence allows it")


_START_AT = "when the recording began, as 2026-05-04T08:00:00+02:00; UTC where it does not say"


def _add_ways(ways: argparse._ArgumentGroup) -> None:
    ways.add_argument("--every", type=float, metavar="S", help="a frame every S seconds")
    ways.add_argument("--motion", action="store_true", help="where something moves")
    ways.add_argument("--unsure", action="store_true", help="where the detector is unsure")
    ways.add_argument("--broken-tracks", action="store_true", help="where people are lost or mixed")
    ways.add_argument("--clusters", type=int, metavar="K", help="one of each of K look-alikes")
    ways.add_argument("--bundle", default=PERSON_DETECTOR, help="finds people (%(default)s)")
    ways.add_argument("--embedder", metavar="BUNDLE", help="for --clusters; default: no model")
    ways.add_argument("--seed", type=int, default=0, help="of --clusters (%(default)s)")


def run(options: argparse.Namespace) -> int:
    """Choose, write, and say what was got; the exit code."""
    from datasets.commands.progress import shown
    from datasets.sampling.collection import Collection
    from datasets.sampling.run import sample

    footages = _footages(options)
    backend = _backend(options)
    ways = _ways(options, backend, all(footage.can_repeat for footage in footages))
    blur = _blur(options, backend) if options.blur_faces else None
    collection = Collection(options.into, _about(options), blur, options.format)
    try:
        with shown() as progress:
            report = progress.begin("frames looked at", is_bytes=False)
            outcome = sample(
                footages, ways, collection, options.max, lambda done: report(done, None)
            )
    except KeyboardInterrupt:
        print(f"interrupted: {_got(collection)}", file=sys.stderr)
        return INTERRUPTED_EXIT_CODE
    return _told(outcome, collection)


def _told(outcome: Outcome, collection: Collection) -> int:
    print(f"{outcome.num_seen:,} frames looked at: {_got(collection)}")
    for tag, count in sorted(_by_kind(collection).items()):
        print(f"  {tag}: {count:,}")
    for note in outcome.notes:
        print(f"note: {note}", file=sys.stderr)
    for problem in outcome.problems:
        print(f"error: {problem}", file=sys.stderr)
    return 1 if outcome.problems else 0


def _got(collection: Collection) -> str:
    return (
        f"{collection.num_added:,} new, {collection.num_known:,} were there already, "
        f"{len(collection):,} in {collection.folder}"
    )


def _by_kind(collection: Collection) -> dict[str, int]:
    kinds: dict[str, int] = {}
    for tag, count in collection.tags.items():
        kind = "cluster" if tag.startswith("cluster-") else tag
        kinds[kind] = kinds.get(kind, 0) + count
    return kinds


def _footages(options: argparse.Namespace) -> list[Footage]:
    if options.start_at is not None and len(options.sources) > 1:
        raise ConfigError(f"--start-at: expected one source, got {len(options.sources)}")
    if options.limit_s is not None and not options.limit_s > 0:
        raise ConfigError(f"--limit-s: expected more than 0, got {options.limit_s}")
    return [_footage(source, options) for source in options.sources]


def _footage(source: str, options: argparse.Namespace) -> Footage:
    from datasets.sampling.footage import PictureFolder, Recording
    from datasets.sampling.live import LiveStream, is_address, redacted
    from serving.streams.file import VideoFile
    from serving.streams.source import missing_source

    starts_at_s, limit_s = options.start_at, options.limit_s
    if is_address(source):
        if starts_at_s is not None:
            raise ConfigError(f"--start-at: {redacted(source)} is live, and tells its own time")
        return LiveStream(source, options.camera, limit_s or _LIVE_LIMIT_S)
    if "://" in source:
        raise ConfigError(f"{redacted(source)}: expected a file, a folder or a stream's address")
    path = Path(source)
    if path.is_dir():
        return PictureFolder(path, options.camera, options.fps or 1.0, starts_at_s, limit_s)
    if not path.is_file():
        raise missing_source(options.camera, path, "")
    VideoFile(path, options.camera, options.fps).close()  # what is no video is told at once

    def opened() -> VideoFile:
        return VideoFile(path, options.camera, options.fps, starts_at_s or 0.0)

    return Recording(path, opened, starts_at_s is not None, limit_s)


def _backend(options: argparse.Namespace) -> Backend | None:
    """The network that finds people, where one of the ways or the blur asks for it."""
    if not (options.unsure or options.broken_tracks or options.blur_faces):
        return None
    from serving.core.zoo import load_bundle
    from serving.inference.openvino import OpenVinoBackend

    return OpenVinoBackend(load_bundle(options.bundle), _NUM_THREADS, num_streams=1)


def _ways(options: argparse.Namespace, backend: Backend | None, can_repeat: bool) -> Sequence[Way]:
    from datasets.sampling.broken_tracks import BrokenTracks
    from datasets.sampling.clusters import Clusters
    from datasets.sampling.every import Every
    from datasets.sampling.motion import Motion
    from datasets.sampling.unsure import Unsure

    ways: list[Way] = []
    if options.every is not None:
        ways.append(Every(options.every))
    if options.motion:
        ways.append(Motion())
    if backend is not None and (options.unsure or options.broken_tracks):
        from datasets.sampling.way import DetectsOnce
        from serving.inference.detector import Detector
        from serving.tracking.two_stage import TwoStageTracker

        detector = DetectsOnce(Detector(backend, _LEAST_SCORE))
        ways += [Unsure(detector)] if options.unsure else []
        ways += [BrokenTracks(detector, TwoStageTracker())] if options.broken_tracks else []
    if options.clusters is not None:
        embedder = _embedder(options.embedder)
        clusters = Clusters(options.clusters, embedder, holds=not can_repeat, seed=options.seed)
        ways.append(clusters)
    if not ways:
        raise ConfigError(
            "expected a way of choosing frames: --every S, --motion, --unsure, --broken-tracks "
            "or --clusters K, got none"
        )
    return ways


def _embedder(bundle: str | None) -> Embeds:
    from datasets.sampling.descriptor import ColoursAndEdges

    if bundle is None:
        return ColoursAndEdges()
    from serving.core.zoo import load_bundle
    from serving.inference.embedder import PictureEmbedder

    return PictureEmbedder(load_bundle(bundle), _NUM_THREADS, batch_size=1)


def _blur(options: argparse.Namespace, backend: Backend | None) -> FaceBlur:
    """Both finders, or an error before anything is written."""
    from datasets.faces import WEIGHTS_DIR, FaceFinder
    from datasets.sampling.blur import FaceBlur
    from serving.inference.detector import Detector

    if backend is None:
        raise ConfigError("--blur-faces: expected a detector of people, got none")
    faces = FaceFinder(weights_dir=options.weights_dir or WEIGHTS_DIR)
    return FaceBlur(faces, Detector(backend, _LEAST_SCORE, nms_iou=_CLOSE_TOGETHER_IOU))


def _about(options: argparse.Namespace) -> About:
    from datasets.sampling.collection import About

    stated = {"source": options.source, "licence": options.licence}
    return About(
        name=options.name or options.into.resolve().name,
        commercial_use=options.commercial_use,
        **{name: text for name, text in stated.items() if text is not None},
    )


def _camera(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError(f"expected an id, got {text!r}")
    return text


def _moment(text: str) -> float:
    """Seconds UTC of an ISO time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected an ISO time, got {text!r}") from error
    if moment.year not in _YEARS:
        raise argparse.ArgumentTypeError(f"expected a year of recordings, got {text!r}")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
