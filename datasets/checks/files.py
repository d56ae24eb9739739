"""Files against the manifest: missing, changed, not listed, outside the folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from datasets.checks.contents import Contents
from datasets.checks.finding import Finding, Kind, error, warning
from datasets.dataset import SAMPLES_NAME
from datasets.files import inside
from datasets.manifest import FILE_NAME as MANIFEST_NAME
from datasets.manifest import FileEntry
from serving.core.bundle import sha256_of
from serving.core.errors import DatasetError


def file_findings(
    contents: Contents, sha256_of_path: Mapping[str, str], *, read: bool
) -> Iterator[Finding]:
    """What is wrong with files.

    Args:
        contents: of the folder.
        sha256_of_path: hashes that are known already.
        read: hash the other files too; else only their sizes are compared.
    """
    folder, manifest = contents.folder, contents.manifest
    lines = {row.sample.path: row.line for row in reversed(contents.rows)}
    listed = {entry.path for entry in manifest.files} if manifest is not None else set()
    for entry in manifest.files if manifest is not None else ():
        yield from _changed(folder, entry, lines.get(entry.path), sha256_of_path, read)
    absent = []
    for path, line in lines.items():
        try:
            is_there = inside(folder, path).is_file()
        except DatasetError as fault:
            yield error(
                Kind.PATH_OUTSIDE, f"a path inside {folder}", str(fault), key=path, line=line
            )
            continue
        if not is_there and path not in listed:
            absent.append(path)
    if absent:
        yield warning(
            Kind.PICTURE_ABSENT,
            "a file for each sample",
            f"labels alone for {len(absent):,} of {len(lines):,} files",
            key=absent[0],
            others=tuple(absent[1:20]),
            count=len(absent),
        )
    if manifest is not None:
        yield from _unlisted(folder, listed, lines)


def _changed(
    folder: Path, entry: FileEntry, line: int | None, known: Mapping[str, str], read: bool
) -> Iterator[Finding]:
    path = folder / entry.path
    place = {"key": entry.path, "line": line}
    if not path.is_file():
        # The folder's reader has said so of the samples already.
        if entry.path != SAMPLES_NAME:
            yield error(Kind.FILE_MISSING, "the manifest's file", "none", **place)
        return
    size_bytes = path.stat().st_size
    if size_bytes != entry.size_bytes:
        yield error(Kind.FILE_CHANGED, f"{entry.size_bytes:,} bytes", f"{size_bytes:,}", **place)
    elif read or entry.path == SAMPLES_NAME:
        got = known.get(entry.path) or sha256_of(path)
        if got != entry.sha256:
            yield error(Kind.FILE_CHANGED, f"sha256 {entry.sha256}", got, **place)


def _unlisted(folder: Path, listed: set[str], lines: Mapping[str, int]) -> Iterator[Finding]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        is_hidden = any(part.startswith(".") for part in name.split("/"))
        if name in listed or name == MANIFEST_NAME or is_hidden or not path.is_file():
            continue
        expected, got = "only files of the manifest", f"one of {path.stat().st_size:,} bytes"
        if name in lines:
            got += " that a sample names and no hash covers"
            yield error(Kind.FILE_UNLISTED, expected, got, key=name, line=lines[name])
        else:
            yield warning(Kind.FILE_UNLISTED, expected, got, key=name)
