"""How fast data sets are read, checked, converted and fed to a training, on made-up data.

Targets are for one core of a small machine; a measurement names what it was made on.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import count, islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets import generated
from datasets.checks.run import CheckOptions, check
from datasets.dataset import Dataset
from datasets.formats.format import Losses
from datasets.formats.known import FORMATS
from datasets.samples import Sample
from serving.core.errors import DatasetError, FootfallError, LabelError

if TYPE_CHECKING:
    from datasets.datamodules.detection import DetectionBatch, DetectionDataModule

LOAD_S = 2.0
"""Target of manifest and 100,000 samples; other numbers in proportion."""

METADATA_HZ = 1000.0
PIXELS_HZ = 150.0
MOST_GROWTH = 1.5
"""A sample among four times as many may take so much longer: more is no longer linear."""

_NUM_TRIED = 8
_NUM_BATCHES = 80
_NUM_STEPS = 12
"""Batches of a training: on a processor one may take a second."""

Step = Callable[["DetectionBatch"], object]
"""What a training does with a batch."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure beside its target.

    Args:
        name: what was measured.
        value: the figure; None where it could not be measured.
        unit: of value and target.
        target: what is asked for; None where nothing is.
        is_least: the target is the least that will do, else the most.
        note: on what, or why not.
    """

    name: str
    value: float | None
    unit: str
    target: float | None = None
    is_least: bool = False
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None where there is nothing to compare."""
        if self.value is None or self.target is None:
            return None
        return self.value >= self.target if self.is_least else self.value <= self.target

    def to_record(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "is_met": self.is_met}


@dataclass(frozen=True, slots=True)
class Conversion:
    """What one format took for `num_samples`, in a process of its own.

    Args:
        num_written: samples that the format could hold.
        write_s, read_s: seconds of a processor, of which a busy machine takes no more than an idle
            one; waiting for a disk is not in them. Reading is the fastest of 3.
        peak_bytes: memory above what the process had before.
    """

    num_samples: int
    num_written: int
    write_s: float
    read_s: float
    peak_bytes: int


def measure_load(num_samples: int) -> Iterator[Measurement]:
    """The manifest and samples of so many pictures, and a check of the labels alone."""
    with tempfile.TemporaryDirectory() as folder:
        generated.labels_alone(Path(folder), num_samples)
        gc.collect()
        seconds = min(_seconds(lambda: Dataset.load(folder)) for _ in range(3))
        yield Measurement(
            f"load manifest and {num_samples:,} samples",
            seconds,
            "s",
            LOAD_S * num_samples / 100_000,
            note="fastest of 3",
        )
        options = CheckOptions(decode=False)
        seconds = _seconds(lambda: check(folder, options))
        yield Measurement(
            f"check {num_samples:,} labels without pictures",
            num_samples / seconds,
            "samples/s",
            METADATA_HZ,
            is_least=True,
        )


def measure_check(num_pictures: int, workers: int = 1) -> Iterator[Measurement]:
    """A check of pictures on disk: their metadata, and their pixels."""
    with tempfile.TemporaryDirectory() as folder:
        generated.with_pictures(Path(folder), num_pictures)
        for name, decode, target in (
            ("metadata", False, METADATA_HZ),
            ("pixels", True, PIXELS_HZ),
        ):
            options = CheckOptions(decode=decode, workers=workers)
            seconds = _seconds(lambda options=options: check(folder, options))
            cores = "1 core" if workers == 1 else f"{workers} processes"
            yield Measurement(
                f"check {name}, {cores}",
                num_pictures / seconds,
                "images/s",
                target * workers,
                is_least=True,
                note=f"{num_pictures:,} JPEG files of 128 × 128 px",
            )


def measure_formats(
    num_samples: int, names: Sequence[str] = tuple(FORMATS)
) -> Iterator[Measurement]:
    """Each format, written and read, with N and with four times as many samples."""
    for name in names:
        try:
            few, many = (convert_apart(name, count) for count in (num_samples, 4 * num_samples))
        except FootfallError as error:
            yield Measurement(f"{name}: write and read", None, "µs/sample", note=str(error))
            continue
        for verb, once, again in (
            ("write", few.write_s, many.write_s),
            ("read", few.read_s, many.read_s),
        ):
            each, each_of_many = once / few.num_samples, again / many.num_samples
            yield Measurement(
                f"{name}: {verb}",
                each_of_many * 1e6,
                "µs/sample",
                each * MOST_GROWTH * 1e6,
                note=f"{many.num_written:,} samples; each of {few.num_samples:,}: "
                f"{each * 1e6:.0f} µs",
            )
        growth = (many.peak_bytes - few.peak_bytes) / (many.num_samples - few.num_samples)
        yield Measurement(
            f"{name}: memory",
            many.peak_bytes / 1e6,
            "MB",
            note=f"{few.peak_bytes / 1e6:.0f} MB for {few.num_samples:,}; "
            f"{max(growth, 0) / 1e3:.1f} kB a further sample",
        )


def convert_apart(name: str, num_samples: int) -> Conversion:
    """Write and read samples in one format, in a process of its own for its memory.

    Raises:
        LabelError: the format holds none of the samples, or refuses them.
        DatasetError: the process died.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_convert_into, args=(there, name, num_samples))
    process.start()
    there.close()
    try:
        answer = here.recv()
    except EOFError as error:
        process.join()
        raise DatasetError(
            f"format '{name}': expected a measurement, got exit code {process.exitcode}"
        ) from error
    process.join()
    if isinstance(answer, Conversion):
        return answer
    raise LabelError(f"format '{name}': {answer}")


def convert(name: str, num_samples: int) -> Conversion:
    """Write and read samples in one format, of the kind that it holds best.

    Raises:
        LabelError: it holds none.
    """
    held = {kind: _held(name, kind) for kind in generated.KINDS}
    best = min(held, key=lambda kind: held[kind])
    if held[best][0] == _NUM_TRIED:
        names = ", ".join(kind.__name__ for kind in generated.KINDS)
        raise LabelError(f"expected to hold one kind of {names}, got none of them written")
    with tempfile.TemporaryDirectory() as root:
        return _converted(name, best(num_samples), num_samples, Path(root))


def measure_loaders(
    num_pictures: int, step: Step | None = None, workers: Sequence[int] = (0, 1, 2)
) -> Iterator[Measurement]:
    """Images a second of the detection data module, alone and with a training's step."""
    from datasets.datamodules.detection import DetectionDataModule
    from datasets.detection import DatasetFolder
    from datasets.transforms import Augmentation

    with tempfile.TemporaryDirectory() as folder:
        generated.with_pictures(Path(folder), num_pictures, (480, 640))
        for num_workers in workers:
            for one, what in ((None, "loader"), (step, "loader and step")):
                if what != "loader" and one is None:
                    continue
                module = DetectionDataModule(
                    [DatasetFolder(folder)],
                    Augmentation((416, 416), (416, 416)),
                    num_workers=num_workers,
                )
                yield Measurement(
                    f"{what}, {num_workers} workers",
                    loader_rate_hz(module, one, _NUM_BATCHES if one is None else _NUM_STEPS),
                    "images/s",
                    note="480 × 640 px JPEG to 416 × 416, half of them mosaics",
                )


def loader_rate_hz(
    module: DetectionDataModule, step: Step | None = None, num_batches: int = _NUM_BATCHES
) -> float:
    """Images a second that a data module gives, each batch handed to `step` where there is one.

    Epochs follow each other until there were `num_batches`. The first batch is not counted: workers
    start with it.
    """
    module.prepare_data()
    module.setup()
    loader = module.train_dataloader()
    num_images, started_s = 0, 0.0
    endless = (batch for _ in count() for batch in loader)
    for number, batch in enumerate(islice(endless, num_batches + 1)):
        if step is not None:
            step(batch)
        if number == 0:
            started_s = time.perf_counter()
        else:
            num_images += len(batch.images)
    return num_images / (time.perf_counter() - started_s)


def _held(name: str, kind: generated.Kind) -> tuple[int, int]:
    """Of a few samples of a kind, how many a format does not write, and what it loses of them."""
    placed: list[str] = []
    losses = Losses()
    with tempfile.TemporaryDirectory() as root:
        try:
            FORMATS[name].write(
                kind(_NUM_TRIED), Path(root, "labels"), losses, lambda _, path: placed.append(path)
            )
        except LabelError:
            return _NUM_TRIED, 0
    return _NUM_TRIED - len(placed), losses.counts.total()


def _converted(name: str, samples: Iterator[Sample], num_samples: int, root: Path) -> Conversion:
    picture = root / "picture.jpg"
    generated.write_picture(picture)
    target = root / "labels"
    num_written = 0

    def place(sample: Sample, path: str) -> None:
        nonlocal num_written
        num_written += 1
        file = target / path
        if file.is_relative_to(target) and not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            os.link(picture, file)

    before = _peak_bytes()
    cpu = time.process_time
    write_s = _seconds(lambda: FORMATS[name].write(samples, target, Losses(), place), cpu)
    read_s = min(
        _seconds(lambda: _exhaust(FORMATS[name].read(target, Losses())), cpu) for _ in range(3)
    )
    return Conversion(num_samples, num_written, write_s, read_s, _peak_bytes() - before)


def _convert_into(answers: Connection, name: str, num_samples: int) -> None:
    try:
        answers.send(convert(name, num_samples))
    except LabelError as error:
        answers.send(str(error))
    finally:
        answers.close()


def _exhaust(samples: Iterator[Sample]) -> int:
    return sum(1 for _ in samples)


def _peak_bytes() -> int:
    """The most memory that this process has held; since its start, not its parent's."""
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    started_s = clock()
    work()
    return clock() - started_s
