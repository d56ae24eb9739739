"""Make a data set with masks, hoods, scarves or glasses drawn on its faces."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from datasets.dataset import Dataset
from datasets.faces import WEIGHTS_DIR, FaceFinder
from datasets.synthetic.kinds import KINDS, MASK_KINDS, mixture
from datasets.synthetic.rewriting import Rewriter

NAME = "occlude"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("dataset", type=Path, help="folder of the data set")
    parser.add_argument("--into", type=Path, required=True, help="folder of the new one")
    parser.add_argument(
        "--kinds",
        type=_names,
        default=MASK_KINDS,
        help=f"by commas, of: {', '.join(KINDS)}; default: all masks",
    )
    parser.add_argument("--share", type=float, default=1.0, help="of samples to draw on")
    parser.add_argument("--incorrect-share", type=float, default=0.2, help="of masks worn wrong")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--assume-face",
        type=float,
        metavar="MARGIN",
        help="aligned crops in which no face is found: draw on a guess, with this margin around it "
        "as a share of the face (0.25 for FairFace)",
    )
    parser.add_argument("--weights", type=Path, help="of the face finder, an .onnx of YuNet")
    parser.add_argument("--weights-dir", type=Path, default=WEIGHTS_DIR)


def run(options: argparse.Namespace) -> int:
    """Write the new data set and say what became of each sample."""
    occluder = mixture(options.kinds, options.incorrect_share)
    source = Dataset.load(options.dataset)
    finder = FaceFinder(options.weights, weights_dir=options.weights_dir)
    rewriter = Rewriter(occluder, finder, options.share, options.seed, options.assume_face)
    result = rewriter.rewrite(source, options.into)
    print(
        f"{options.into}: {len(result.dataset.samples):,} of {len(source.samples):,} samples, "
        f"sha256 {result.dataset.manifest.sha256}"
    )
    _show("faces drawn on", result.drawn)
    _show("samples taken over as they are", result.untouched)
    _show("samples left out", result.left_out)
    return 0


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _show(title: str, counts: Counter[str]) -> None:
    if counts:
        print(f"{title}:")
        for name, count in sorted(counts.items()):
            print(f"  {name}: {count:,}")
