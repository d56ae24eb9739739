"""Divide a data set into training, validation and test: a new version in a new folder.

Whole groups stay in one split. The same samples and seed give the same splits in any order.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from serving.core.errors import ConfigError

if TYPE_CHECKING:
    from datasets.samples import Split
    from datasets.splits import Division

NAME = "split"
_DEFAULT_SHARES = "train=0.7,validation=0.1,test=0.2"
_Words = TypeVar("_Words", bound=StrEnum)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, help="of the data set")
    parser.add_argument("--into", type=Path, required=True, help="folder of the new version")
    parser.add_argument(
        "--by",
        required=True,
        help="what must not be on two sides: identity, camera or source, or several of them with "
        "commas, or time",
    )
    parser.add_argument("--shares", default=_DEFAULT_SHARES, help="default: %(default)s")
    parser.add_argument(
        "--stratify",
        default="",
        help="what every split should have its share of: gender, age_band, mask, label, camera",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--gap-s", type=float, default=1.0, help="by time: seconds left out before a split's start"
    )
    parser.add_argument(
        "--query-per-identity",
        type=int,
        default=0,
        metavar="N",
        help="make of test a gallery, and N queries of each person in each camera",
    )


def run(options: argparse.Namespace) -> int:
    """Divide, write the new version, say what was asked and got."""
    from datasets.dataset import Dataset
    from datasets.media import frame_rate_hz
    from datasets.splits import GroupBy, SplitRequest, Stratum, divide

    request = SplitRequest(
        by=_words("by", options.by, GroupBy),
        shares=_shares(options.shares),
        stratify=_words("stratify", options.stratify, Stratum),
        seed=options.seed,
        gap_s=options.gap_s,
        query_per_identity=options.query_per_identity,
    )
    dataset = Dataset.load(options.folder)
    division = divide(
        dataset.samples,
        request,
        lambda path: frame_rate_hz(dataset.folder / path),
        {entry.path: entry.sha256 for entry in dataset.manifest.files},
    )
    new = dataset.derive(options.into, division.samples)
    print("\n".join(_lines(division)))
    print(
        f"version {new.manifest.version} of '{new.manifest.name}': {options.into} "
        f"(sha256 {new.manifest.sha256[:16]})"
    )
    return 0


def _shares(text: str) -> dict[Split, float]:
    from datasets.samples import Split

    shares: dict[Split, float] = {}
    for part in text.split(","):
        name, _, share = part.partition("=")
        try:
            split, value = Split(name.strip()), float(share)
        except ValueError as error:
            raise ConfigError(
                f"--shares: expected such as {_DEFAULT_SHARES}, got {text!r}"
            ) from error
        if split in shares:
            raise ConfigError(f"--shares: expected each split once, got {text!r}")
        shares[split] = value
    return shares


def _words(name: str, text: str, vocabulary: type[_Words]) -> tuple[_Words, ...]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    try:
        return tuple(vocabulary(word) for word in dict.fromkeys(words))
    except ValueError as error:
        raise ConfigError(f"--{name}: expected of {', '.join(vocabulary)}, got {text!r}") from error


def _lines(division: Division) -> Sequence[str]:
    width = max(len(count.stratum or "") for count in division.counts)
    width = max(width, len("all"))
    lines = [f"{'split':<12}{'':<{width}}{'asked':>10}{'got':>10}{'share':>8}"]
    totals: dict[str | None, int] = {}
    for count in division.counts:
        totals[count.stratum] = totals.get(count.stratum, 0) + count.got
    for count in division.counts:
        share = count.got / totals[count.stratum] if totals[count.stratum] else 0.0
        lines.append(
            f"{count.split.value:<12}{count.stratum or 'all':<{width}}"
            f"{count.asked:>10,.1f}{count.got:>10,}{share:>8.1%}"
        )
    if division.num_left_out:
        lines.append(f"left out in gaps: {division.num_left_out:,} samples, in no split")
    lines.append(f"{division.num_groups:,} groups")
    return [*lines, *(f"note: {note}" for note in division.notes)]
