"""The whole check of a data set's folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from datasets.checks.boxes import box_findings, person_findings
from datasets.checks.contents import Contents, Row, read_contents
from datasets.checks.duplicates import duplicate_findings, near_duplicate_findings
from datasets.checks.files import file_findings
from datasets.checks.finding import Finding, Kind, Severity, tally
from datasets.checks.hashes import Signature
from datasets.checks.labels import label_findings
from datasets.checks.leaks import GAP_S, leak_findings
from datasets.checks.neighbours import MAX_COMPARED
from datasets.checks.pictures import Job, Look, examine, jobs_of, picture_findings, with_size
from datasets.checks.recordings import ASSUMED_RATE_HZ
from datasets.checks.statistics import SplitStatistics, statistics_of
from datasets.media import frame_rate_hz
from serving.core.errors import ConfigError, DatasetError

_ORDER = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """How thorough a check is.

    Args:
        decode: read and decode every picture; else headers, sizes of files and labels alone.
        workers: processes that look at pictures.
        gap_s: moments of one camera less far apart must not lie in different splits.
    """

    decode: bool = True
    workers: int = 1
    gap_s: float = GAP_S

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise ConfigError(f"workers: expected at least 1, got {self.workers}")
        if not self.gap_s >= 0:
            raise ConfigError(f"gap_s: expected at least 0 seconds, got {self.gap_s}")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What was found, errors first, and what the data set holds.

    `num_pictures` and `num_decoded` count pictures and frames that are there, and that decode;
    `num_limited` those that were not compared with all that are like them.
    """

    contents: Contents
    findings: tuple[Finding, ...]
    statistics: tuple[SplitStatistics, ...]
    options: CheckOptions
    num_pictures: int
    num_decoded: int
    num_limited: int = 0

    @property
    def num_errors(self) -> int:
        return sum(finding.severity is Severity.ERROR for finding in self.findings)

    @property
    def num_warnings(self) -> int:
        return len(self.findings) - self.num_errors

    @property
    def name(self) -> str:
        """Of the data set; of its folder where the manifest cannot be read."""
        manifest = self.contents.manifest
        return manifest.name if manifest is not None else self.contents.folder.resolve().name

    def is_clean(self, strict: bool = False) -> bool:
        """Whether nothing is wrong; `strict` lets warnings count."""
        return not (self.findings if strict else self.num_errors)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the check could not look at, in words."""
        if not self.num_limited:
            return ()
        return (
            f"{self.num_limited:,} pictures are like more than {MAX_COMPARED} others each, as a "
            f"fixed camera's are, and were not compared with all of these: near-duplicates among "
            "them may be missing",
        )

    def to_record(self) -> dict[str, Any]:
        """For JSON."""
        manifest = self.contents.manifest
        return {
            "name": self.name,
            "manifest_sha256": manifest.sha256 if manifest is not None else None,
            "version": manifest.version if manifest is not None else None,
            "num_samples": len(self.contents.rows),
            "num_pictures": self.num_pictures,
            "num_decoded": self.num_decoded,
            "notes": list(self.notes),
            "num_errors": self.num_errors,
            "num_warnings": self.num_warnings,
            "kinds": {kind.value: count for kind, count in tally(self.findings).items()},
            "findings": [finding.to_record() for finding in self.findings],
            "statistics": [split.to_record() for split in self.statistics],
        }


Progress = Callable[[int, int], None]
"""Called with the number of files looked at, and of all."""


def check(
    folder: str | Path, options: CheckOptions | None = None, progress: Progress | None = None
) -> CheckResult:
    """Look for everything that can be wrong with a data set's folder.

    Raises:
        DatasetError: it holds no data set at all.
    """
    options = options or CheckOptions()
    contents = read_contents(Path(folder))
    jobs = jobs_of(contents.rows, contents.folder)
    pictures = _Pictures()
    for done, (job, look) in enumerate(
        examine(contents.folder, jobs, decode=options.decode, workers=options.workers), start=1
    ):
        pictures.add(job, look.sha256, look.looks)
        if progress is not None:
            progress(done, len(jobs))
    rows = contents.rows
    sized = [with_size(row, pictures.looks.get(row.sample.key, Look())) for row in rows]
    hashes = _hashes(contents, pictures, options)
    near, num_limited = near_duplicate_findings(rows, pictures.signatures, hashes)
    findings = [
        *contents.findings,
        *file_findings(contents, pictures.sha256_of_path, read=options.decode),
        *_of_pictures(rows, pictures),
        *_of_rows(sized),
        *label_findings(rows),
        *duplicate_findings(rows, hashes),
        *near,
        *leak_findings(rows, _frame_rates(contents.folder), options.gap_s),
    ]
    return CheckResult(
        contents,
        tuple(sorted(findings, key=_place)),
        statistics_of(sized),
        options,
        num_pictures=len(pictures.looks),
        num_decoded=pictures.num_decoded,
        num_limited=num_limited,
    )


class _Pictures:
    """What the pictures told, by key of the sample and path of the file."""

    def __init__(self) -> None:
        self.looks: dict[str, Look] = {}
        self.signatures: dict[str, Signature] = {}
        self.sha256_of_path: dict[str, str] = {}

    @property
    def num_decoded(self) -> int:
        return sum(look.fault is None for look in self.looks.values()) if self.signatures else 0

    def add(self, job: Job, sha256: str | None, looks: Sequence[Look]) -> None:
        if sha256 is not None:
            self.sha256_of_path[job.path] = sha256
        for index, look in zip(job.frame_indices, looks, strict=True):
            key = job.path if index is None else f"{job.path}#{index}"
            self.looks[key] = look
            if look.signature is not None and not look.signature.is_flat:
                self.signatures[key] = look.signature


def _of_pictures(rows: Sequence[Row], pictures: _Pictures) -> Iterator[Finding]:
    for row in rows:
        look = pictures.looks.get(row.sample.key)
        if look is not None:
            yield from picture_findings(row, look)


def _of_rows(rows: Sequence[Row]) -> Iterator[Finding]:
    for row in rows:
        if row.sample.boxes:
            yield from box_findings(row)
            yield from person_findings(row)


def _hashes(contents: Contents, pictures: _Pictures, options: CheckOptions) -> Mapping[str, str]:
    """The files' own hashes by path; without reading them, those that the manifest lists."""
    if not options.decode and contents.manifest is not None:
        return {entry.path: entry.sha256 for entry in contents.manifest.files}
    return pictures.sha256_of_path


def _frame_rates(folder: Path) -> Callable[[str], float]:
    @cache
    def rate_of(path: str) -> float:
        try:
            return frame_rate_hz(folder / path)
        except DatasetError:
            return ASSUMED_RATE_HZ

    return rate_of


def _place(finding: Finding) -> tuple[bool, int, int, int]:
    return (
        finding.severity is not Severity.ERROR,
        _ORDER[finding.kind],
        finding.line or 0,
        finding.box or 0,
    )
