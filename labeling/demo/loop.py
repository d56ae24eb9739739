"""The whole loop, each step by the command that a user would type."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from datasets.catalog.vtest import VTEST
from datasets.catalog.yolox import YOLOX_WEIGHTS
from datasets.dataset import Dataset
from labeling.accounts import sign_up
from labeling.client import Client
from labeling.demo.player import CAREFUL, HASTY, Player
from labeling.demo.sample_footage import EVERY_S, LABELLED_UNTIL_S, judged_frames, people_in
from labeling.environment import make_environment
from labeling.request import TOKEN_VARIABLE
from labeling.server import LocalServer
from serving.core.errors import DatasetError, LabelingError

PROJECT = "vtest-people"
ZOO = "serving/zoo/person-yolox-nano"
START_WEIGHTS = "yolox_nano.onnx"
"""Published ones, trained on COCO: they have never seen the sample."""

SHOWN_FROM_SCORE = 0.35
"""Of pre-annotations: it is quicker to draw a box that is missing than to delete three."""

NUM_EPOCHS = 16

_LABELERS = (("anna@example.com", CAREFUL), ("ben@example.com", HASTY))
_ROOT = Path(__file__).resolve().parents[2]


_MARK = "made-by-label-demo"
"""A file that says that a folder may be replaced."""


def empty_folder(folder: Path) -> None:
    """Make a folder for a run; what a former run made there is deleted.

    Raises:
        LabelingError: it holds something else.
    """
    if folder.exists() and not folder.is_dir():
        raise LabelingError(f"demo: expected a folder {folder}, got a file")
    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / _MARK).is_file():
            raise LabelingError(
                f"demo: expected an empty folder {folder}, or one of a former run, got files of "
                f"another kind (without '{_MARK}'); delete it, or name another with output=DIR"
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).touch()


@dataclass(frozen=True, slots=True)
class Comparison:
    """A figure on the frames that nobody trained on, before and after."""

    name: str
    before: float
    after: float


class Loop:
    """Sample, push, label, compare, pull, check, split, train and judge, in a folder of its own.

    Args:
        folder: for all that is made; what a former run left there is replaced, and nothing else.
        data_dir: where the sample video lies or is fetched to.
        keep_open: leave Label Studio running until Enter is pressed, to look at it.
    """

    def __init__(self, folder: Path, data_dir: Path, keep_open: bool = False) -> None:
        self._folder, self._data_dir, self._keep_open = folder, data_dir, keep_open
        self._console = Console()
        self._number = 0

    def run(self) -> list[Comparison]:
        """All steps; the figures at the end.

        Raises:
            FootfallError: a step failed, or the folder holds what no former run made.
        """
        started = time.monotonic()
        empty_folder(self._folder)
        video = VTEST.get(self._data_dir)
        self._step("Choosing frames worth labelling")
        self._datasets(
            *("sample", str(video), "--into", self._path("v1"), "--camera", "crossing"),
            *("--every", f"{EVERY_S:g}", "--limit-s", f"{LABELLED_UNTIL_S:g}"),
            *("--start-at", "1970-01-01T00:00:00Z"),  # the recording does not say when it began
            *("--name", "vtest-people", "--licence", VTEST.licence, "--source", VTEST.file_name),
        )
        start_weights = self._start_weights()
        self._step("A detector that has not seen the place yet, as a bundle")
        self._train("start", start_weights, "trainer.max_epochs=0")
        self._label()
        self._step("Checking the new version")
        self._datasets("check", self._path("v2"), "--report", self._path("check.html"))
        self._step("Dividing it by time: the last fifth to choose by, two seconds left out")
        self._datasets(
            *("split", self._path("v2"), "--into", self._path("v3"), "--by", "time"),
            *("--shares", "train=0.8,validation=0.2", "--gap-s", "2"),
        )
        self._step("Fine-tuning the detector on it")
        self._train(
            *("bundle", start_weights, "data=folder", f"dataset={self._path('v3')}"),
            *(f"trainer.max_epochs={NUM_EPOCHS}", f"data.plain_from_epoch={NUM_EPOCHS - 2}"),
        )
        self._step("Judging both on later frames that nobody labelled here")
        judged_frames(self._folder / "judged", video)
        before, after = self._judged("start"), self._judged("bundle")
        self._console.print(f"\nDone in {time.monotonic() - started:.0f} s: {self._folder}")
        return [
            Comparison(name, before[name], after[name])
            for name in ("AP", "AP50", "AP75", "precision", "recall")
        ]

    def _label(self) -> None:
        """The part that needs Label Studio: push, two labelers, agreement, pull."""
        self._step("Starting Label Studio (the first time it is installed: 1 GB, a minute)")
        make_environment()
        with LocalServer(self._folder / "label-studio") as server:
            access = server.access
            self._console.print(f"{server.url}, user {access.email}, password {access.password}")
            known = ("dataset=" + self._path("v1"), f"project={PROJECT}", f"url={server.url}")
            self._step("Pushing the frames with the detector's boxes")
            self._labeling(
                server.token,
                *("task=push", *known, "interface=person_boxes", "num_annotations=2"),
                *(f"bundle={self._path('start')}", f"score_threshold={SHOWN_FROM_SCORE:g}"),
            )
            self._step("Two played labelers correct them: one careful, one hasty")
            self._play(server)
            self._step("How far do they agree?")
            reports = (f"review={self._path('review.txt')}", f"report={self._path('agree.json')}")
            self._labeling(server.token, "task=agree", *known, "threshold=0.9", *reports)
            self._step("Pulling what both say into a new version")
            self._labeling(
                server.token,
                *("task=pull", *known, "conflicts=consensus", f"output={self._path('v2')}"),
            )
            if self._keep_open:
                input("Label Studio is still running; Enter goes on. ")

    def _play(self, server: LocalServer) -> None:
        admin = Client.open(server.url, server.token)
        project = admin.project(PROJECT)
        if project is None:
            raise LabelingError(f"project '{PROJECT}' ({server.url}): expected one, got none")
        truth = people_in(Dataset.load(self._folder / "v1").samples)
        for seed, (email, habits) in enumerate(_LABELERS):
            client = sign_up(admin, email, password=server.access.password)
            played = Player(client, truth, habits, seed).work(project)
            self._console.print(played.line(email))

    def _start_weights(self) -> str:
        """The published weights; the zoo's detector where they cannot be had."""
        try:
            YOLOX_WEIGHTS[START_WEIGHTS].get(self._data_dir / "weights")
        except DatasetError as error:
            self._console.print(
                f"{error}\nThe zoo's detector takes the place of these weights. It was trained on "
                "labels of this video: little is left to gain, and the judging frames are not new "
                "to it.",
            )
            return ZOO
        return START_WEIGHTS

    def _judged(self, bundle: str) -> Mapping[str, float]:
        output = self._path(f"{bundle}.json")
        self._python(
            *("-m", "evaluation", "task=data_set", f"folder={self._path('judged')}", "split=test"),
            *(f"detector.bundle={self._path(bundle)}", f"output={output}"),
        )
        metrics: Mapping[str, float] = json.loads(Path(output).read_text())["metrics"]
        return metrics

    def _train(self, bundle: str, start_weights: str, *more: str) -> None:
        self._python(
            *("train.py", "experiment=detection/site"),
            *(f"model.start_weights={start_weights}", f"bundle.folder={self._path(bundle)}"),
            *(f"paths.output_dir={self._path('runs')}", f"paths.data_dir={self._data_dir}", *more),
        )

    def _datasets(self, *words: str) -> None:
        self._python("-m", "datasets", *words)

    def _labeling(self, token: str, *words: str) -> None:
        self._python("-m", "labeling", *words, variables={TOKEN_VARIABLE: token})

    def _python(self, *words: str, variables: Mapping[str, str] | None = None) -> None:
        """Run a command of ours, shown as a user would type it.

        Raises:
            LabelingError: it failed; it has said why.
        """
        self._console.print(f"$ python {shlex.join(words)}", style="dim", soft_wrap=True)
        done = subprocess.run(
            [sys.executable, *words],
            cwd=_ROOT,
            env={**os.environ, **(variables or {})},
            check=False,
        )
        if done.returncode:
            raise LabelingError(
                f"demo, step {self._number}: expected exit code 0, got {done.returncode}"
            )

    def _step(self, what: str) -> None:
        self._number += 1
        self._console.print(f"\n==> {self._number}. {what}", style="bold")

    def _path(self, name: str) -> str:
        return str(self._folder / name)
