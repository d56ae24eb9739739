"""Every picture looked at once: does it decode in full, how large is it, what does it look like.

Nothing of the pixels is kept but a signature. With several workers the files are shared among
processes; each uses one core.
"""

from __future__ import annotations

import hashlib
import io
import signal
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from multiprocessing import get_context
from pathlib import Path

import cv2
from PIL import Image, ImageFile, UnidentifiedImageError

from datasets.checks.contents import Row
from datasets.checks.finding import Finding, Kind, error, warning
from datasets.checks.hashes import Signature, signature
from datasets.media import decoded, image_size_hw, open_video, read_frames
from serving.core.bundle import sha256_of
from serving.core.errors import DatasetError

_CHUNK = 32
"""Files that a process is given at a time."""


@dataclass(frozen=True, slots=True)
class Job:
    """One file to look at and what to look at in it.

    `frame_indices` of a video, ascending, from 0; None in it is the whole clip. Of a picture it is
    `(None,)`.
    """

    path: str
    frame_indices: tuple[int | None, ...]
    is_video: bool


@dataclass(frozen=True, slots=True)
class Look:
    """What one picture or frame is; `fault` says why it could not be decoded."""

    image_size_hw: tuple[int, int] | None = None
    signature: Signature | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class FileLook:
    """What one file is; `looks` go with the frame indices of its job. No hash of headers alone."""

    sha256: str | None
    looks: tuple[Look, ...]


def jobs_of(rows: Iterable[Row], folder: Path) -> list[Job]:
    """One job for each file that is there, in the order of the samples."""
    frames: defaultdict[str, list[int | None]] = defaultdict(list)
    videos: set[str] = set()
    for row in rows:
        frames[row.sample.path].append(row.sample.frame_index)
        if row.sample.is_video:
            videos.add(row.sample.path)
    return [
        Job(path, tuple(sorted(indices, key=lambda index: -1 if index is None else index)), video)
        for path, indices in frames.items()
        if (folder / path).is_file()
        for video in [path in videos]
    ]


def examine(
    folder: Path, jobs: Iterable[Job], *, decode: bool, workers: int = 1
) -> Iterator[tuple[Job, FileLook]]:
    """Look at files, in their order.

    Args:
        folder: of the data set.
        jobs: what to look at.
        decode: read, hash and decode every file; else only headers of pictures.
        workers: processes, each on one core; 1 works in this one.
    """
    jobs = list(jobs)
    look = partial(_examine_file, folder, decode)
    if workers <= 1 or len(jobs) <= _CHUNK:
        with _one_core():
            yield from zip(jobs, map(look, jobs), strict=True)
        return
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=_use_one_core) as pool:
        with _without_ctrl_c():
            looks = pool.map(look, jobs, chunksize=_CHUNK)
        yield from zip(jobs, looks, strict=True)


def picture_findings(row: Row, look: Look) -> Iterator[Finding]:
    """What is wrong with one picture alone."""
    recorded, real = row.sample.image_size_hw, look.image_size_hw
    if look.fault is not None:
        index = row.sample.frame_index
        expected = "a whole picture" if index is None else f"a frame {index}"
        yield error(Kind.PICTURE_BROKEN, expected, look.fault, **row.where)
    if recorded is not None and real is not None and recorded != real:
        turned = recorded == real[::-1] and real[0] != real[1]
        hint = (
            "; the EXIF orientation turns it, or height and width are exchanged" if turned else ""
        )
        yield error(
            Kind.PICTURE_SIZE,
            f"the picture's height and width {real[0]} × {real[1]} px",
            f"{recorded[0]} × {recorded[1]} px recorded{hint}",
            **row.where,
        )
    if look.signature is not None and look.signature.is_flat:
        level = round(float(look.signature.grid.mean()))
        yield warning(
            Kind.PICTURE_FLAT, "something to see", f"one grey of level {level}", **row.where
        )


def with_size(row: Row, look: Look) -> Row:
    """The row with the picture's real size, which boxes are held against."""
    if look.image_size_hw in (None, row.sample.image_size_hw):
        return row
    return replace(row, sample=replace(row.sample, image_size_hw=look.image_size_hw))


def _examine_file(folder: Path, decode: bool, job: Job) -> FileLook:
    path = folder / job.path
    if job.is_video:
        return _examine_video(path, decode, job.frame_indices)
    if not decode:
        try:
            return FileLook(None, (Look(image_size_hw(path)),))
        except DatasetError as fault:
            return FileLook(None, (Look(fault=_got(fault)),))
    try:
        data = path.read_bytes()
    except OSError as fault:
        return FileLook(None, (Look(fault=f"a file that cannot be read: {fault.strerror}"),))
    return FileLook(hashlib.sha256(data).hexdigest(), (_decoded(data),))


def _decoded(data: bytes) -> Look:
    if not data:
        return Look(fault="an empty file")
    damage = _damage(data)
    if damage is not None:
        return Look(fault=f"a damaged file ({damage})")
    image = decoded(data)
    if image is None:
        return Look(fault="a file that cannot be decoded")
    return Look(image.shape[:2], signature(image))  # type: ignore[arg-type]


def _damage(data: bytes) -> str | None:
    """Why a picture is not whole, by Pillow, which says so where OpenCV guesses or keeps silent.

    None where it is whole, or of a kind that Pillow does not know.
    """
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(data)) as picture:
            warnings.simplefilter("ignore")
            # At an eighth of its size a JPEG is still read to the last byte, and costs a third.
            picture.draft("L", (1, 1))
            picture.load()
    except UnidentifiedImageError:
        return None
    # Pillow's plugins raise all of these over damaged files.
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as fault:
        return str(fault)
    return None


def _examine_video(path: Path, decode: bool, indices: tuple[int | None, ...]) -> FileLook:
    try:
        capture = open_video(path)
    except DatasetError as fault:
        return FileLook(
            sha256_of(path) if decode else None, (Look(fault=_got(fault)),) * len(indices)
        )
    size_hw = (
        int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
    )
    capture.release()
    if not decode:
        return FileLook(None, (Look(size_hw),) * len(indices))
    looks = [_whole_clip(path, size_hw)] if None in indices else []
    wanted = [index for index in indices if index is not None]
    frames = read_frames(path, wanted)
    try:
        for frame in frames:
            looks.append(Look(frame.shape[:2], signature(frame)))  # type: ignore[arg-type]
    except DatasetError as fault:
        looks += [Look(size_hw, fault=_got(fault))] * (len(indices) - len(looks))
    return FileLook(sha256_of(path), tuple(looks))


def _whole_clip(path: Path, size_hw: tuple[int, int]) -> Look:
    """A clip is decoded to its end; two clips of one fixed camera look alike, so no signature."""
    capture = open_video(path)
    try:
        num_frames = next(index for index in count() if not capture.grab())
    finally:
        capture.release()
    return Look(size_hw) if num_frames else Look(fault="a video without a frame")


def _got(fault: DatasetError) -> str:
    return str(fault).rpartition(", got ")[2]


def _use_one_core() -> None:
    cv2.setNumThreads(1)
    ImageFile.LOAD_TRUNCATED_IMAGES = False


@contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Processes that are begun in here never hear of Ctrl-C; else each of them would tell of it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _one_core() -> Iterator[None]:
    before = cv2.getNumThreads()
    _use_one_core()
    try:
        yield
    finally:
        cv2.setNumThreads(before)
