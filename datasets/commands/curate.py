"""Look at a data set in FiftyOne: what is odd, hard, doubtful or doubled; bring tags back.

`curate DIR --into FOLDER` asks models about each picture, writes measures.jsonl and embeddings.npz
to FOLDER, and loads everything into a FiftyOne database there; a second time it brings that up to
date and keeps what people tagged. `--app` then opens FiftyOne in the browser. `curate DIR
--tags-back NAME --database FOLDER/database --into NEW` makes a new version of the data set with the
tags that people set in the app. Pictures and labels stay on this machine; the app's page only names
fonts at Google.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.exit_codes import INTERRUPTED_EXIT_CODE
from serving.core.errors import ConfigError
from serving.core.zoo import PERSON_DETECTOR

if TYPE_CHECKING:
    from datasets.curation.predictions import Predictions
    from datasets.curation.run import DetectorOf, Embedder, Measure, Outcome, Wanted
    from datasets.dataset import Dataset

NAME = "curate"

_DATABASE_VARIABLE = "FIFTYONE_DATABASE_DIR"
_DATABASE_NAME = "database"
_NUM_THREADS = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, help="of the data set")
    parser.add_argument(
        "--into", type=Path, required=True, metavar="DIR", help="what is made; kept between calls"
    )
    parser.add_argument("--database", type=Path, metavar="DIR", help=_DATABASE)
    parser.add_argument("--name", help="in FiftyOne; default: the data set's name")
    models = parser.add_argument_group("models")
    models.add_argument("--bundle", default=PERSON_DETECTOR, help="finds people (%(default)s)")
    models.add_argument("--reid-bundle", metavar="BUNDLE", help=_REID)
    models.add_argument("--predictions", type=Path, metavar="FILE.jsonl", help=_PREDICTIONS)
    models.add_argument("--measures", metavar="A,B", help=_MEASURES)
    models.add_argument("--sure-score", type=float, metavar="S", help=_SURE)
    shown = parser.add_argument_group("what is shown")
    shown.add_argument("--view", action="append", default=[], metavar="NAME=EXPR", help=_VIEW)
    shown.add_argument("--duplicates", type=float, metavar="DISTANCE", help=_DUPLICATES)
    shown.add_argument("--app", action="store_true", help="open FiftyOne; Ctrl-C ends it")
    shown.add_argument("--port", type=int, default=5151, help="of the app (%(default)s)")
    back = parser.add_argument_group("tags")
    back.add_argument("--tags-back", metavar="NAME", help="make a version with FiftyOne's tags")
    back.add_argument(
        "--drop-deleted", action="store_true", help="leave out what was deleted in FiftyOne"
    )


_DATABASE = f"FiftyOne's database; default: ${_DATABASE_VARIABLE}, else `database` in --into"
_REID = "says what a whole picture looks like; default: the features of --bundle"
_PREDICTIONS = "samples with scored boxes, in place of what --bundle finds"
_MEASURES = "of uniqueness, representativeness, hardness, mistakenness; default: all"
_SURE = "the score from which a prediction is believed (default: 0.6)"
_VIEW = "save a view: 'night=camera==door,uniqueness>0.8,sort=-uniqueness,limit=20'; repeatable"
_DUPLICATES = "cosine distance up to which pictures are look-alikes (default: of copies)"


def run(options: argparse.Namespace) -> int:
    """Curate, or bring tags back; the exit code."""
    try:
        return _curate(options) if options.tags_back is None else _bring_tags_back(options)
    except KeyboardInterrupt:
        print("stopped; what was loaded stays for the next call", file=sys.stderr)
        return INTERRUPTED_EXIT_CODE


def _curate(options: argparse.Namespace) -> int:
    from datasets.commands.progress import shown
    from datasets.curation.app import check_port
    from datasets.curation.run import OF_PICTURES, OF_PREDICTIONS, curate
    from datasets.dataset import Dataset

    dataset = Dataset.load(options.folder)
    wanted = _wanted(options, dataset)
    if options.app:
        check_port(options.port)
    predictions = _predictions(options, dataset)
    embedder = _embedder(options) if OF_PICTURES & wanted.measures else None
    needs_detector = predictions is None and OF_PREDICTIONS & wanted.measures
    detector = _detector(options) if needs_detector else None
    with shown() as progress:
        report = progress.begin("pictures", is_bytes=False)
        outcome = curate(dataset, wanted, embedder, detector, predictions, report)
    print("\n".join(_lines(outcome, wanted, options)))
    for note in outcome.notes:
        print(f"note: {note}", file=sys.stderr)
    return _shown(outcome, options.port) if options.app else 0


def _wanted(options: argparse.Namespace, dataset: Dataset) -> Wanted:
    from datasets.curation.doubts import SURE_SCORE, believed
    from datasets.curation.run import Wanted
    from datasets.curation.views import StatedView

    if options.into.resolve().is_relative_to(options.folder.resolve()):
        raise ConfigError(f"--into: expected a folder outside {options.folder}, got {options.into}")
    distance = options.duplicates
    if distance is not None and not 0 <= distance <= 2:
        raise ConfigError(f"--duplicates: expected a cosine distance in [0, 2], got {distance}")
    sure_score = SURE_SCORE if options.sure_score is None else options.sure_score
    believed(sure_score, sure_score)  # refuses one that is none
    return Wanted(
        options.into,
        options.database or _database_from_environment() or options.into / _DATABASE_NAME,
        options.name or dataset.manifest.name,
        _measures(options.measures),
        sure_score,
        distance,
        [StatedView.parse(text) for text in options.view],
    )


def _database_from_environment() -> Path | None:
    folder = os.environ.get(_DATABASE_VARIABLE)
    return Path(folder) if folder else None


def _measures(words: str | None) -> frozenset[Measure]:
    from datasets.curation.run import Measure

    if words is None:
        return frozenset(Measure)
    names = [word.strip() for word in words.split(",")]
    for name in names:
        if name not in list(Measure):
            raise ConfigError(f"--measures: expected of {', '.join(Measure)}, got '{name}'")
    return frozenset(map(Measure, names))


def _predictions(options: argparse.Namespace, dataset: Dataset) -> Predictions | None:
    from datasets.curation.predictions import read_predictions

    if options.predictions is None:
        return None
    return read_predictions(options.predictions, (sample.key for sample in dataset.samples))


def _embedder(options: argparse.Namespace) -> Embedder:
    from datasets.curation.run import Embedder
    from serving.core.zoo import load_bundle
    from serving.inference.embedder import PictureEmbedder

    bundle = load_bundle(options.reid_bundle or options.bundle)
    return Embedder(PictureEmbedder(bundle, _NUM_THREADS), bundle.ref)


def _detector(options: argparse.Namespace) -> DetectorOf:
    from datasets.curation.predictions import LOWEST_SCORE
    from datasets.curation.run import DetectorOf
    from serving.core.labels import PERSON
    from serving.core.zoo import load_bundle
    from serving.inference.detector import Detector
    from serving.inference.openvino import OpenVinoBackend

    bundle = load_bundle(options.bundle)
    backend = OpenVinoBackend(bundle, _NUM_THREADS, num_streams=1)
    detector = Detector(backend, score_threshold=LOWEST_SCORE)
    return DetectorOf(detector, bundle.ref, frozenset({PERSON}), detector.min_height_px)


def _lines(outcome: Outcome, wanted: Wanted, options: argparse.Namespace) -> list[str]:
    load = outcome.load
    lines = [
        f"FiftyOne data set '{wanted.name}': {load.num_added:,} samples added, "
        f"{load.num_updated:,} updated, {load.num_removed:,} removed",
        f"  measures: {wanted.into / 'measures.jsonl'}",
        f"  database: {wanted.database}",
        f"  views: {', '.join(outcome.views) or 'none'}",
    ]
    if outcome.num_without_file:
        lines.append(f"  left out: {outcome.num_without_file:,} samples without a picture")
    lines.append(
        f"tags come back with: python -m datasets curate {options.folder} --tags-back "
        f"{wanted.name} --database {wanted.database} --into NEW"
    )
    return lines


def _shown(outcome: Outcome, port: int) -> int:
    """Serve the app until Ctrl-C or a SIGTERM; that it ends so is no fault."""
    from datasets.curation.app import opened_app

    with opened_app(outcome.loaded, port) as address:
        try:
            print(f"app: {address} (Ctrl-C ends it)", flush=True)
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


def _bring_tags_back(options: argparse.Namespace) -> int:
    from datasets.curation.database import open_database
    from datasets.curation.fiftyone_dataset import find_loaded
    from datasets.curation.tags import bring_back
    from datasets.dataset import Dataset

    folder = options.database or _database_from_environment()
    if folder is None or not folder.is_dir():
        raise ConfigError(
            f"--tags-back: expected --database or ${_DATABASE_VARIABLE}, the folder of FiftyOne's "
            f"database, got {folder or 'neither'}"
        )
    dataset = Dataset.load(options.folder)
    open_database(folder)
    made, differences = bring_back(
        dataset, find_loaded(options.tags_back), options.into, options.drop_deleted
    )
    for note in differences.notes():
        print(f"note: {note}", file=sys.stderr)
    if made is None:
        print(f"'{dataset.manifest.name}': no tag differs, so no new version is made")
        return 0
    print(
        f"'{made.manifest.name}' version {made.manifest.version}: {len(made.samples):,} samples in "
        f"{made.folder}; tags differ on {differences.num_samples:,} samples and "
        f"{differences.num_boxes:,} boxes (sha256 {made.manifest.sha256[:16]})"
    )
    return 0
