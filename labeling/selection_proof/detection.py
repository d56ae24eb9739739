"""The proof for the detector: frames of the sample video, each step by a command that users type.

The published COCO weights are fine-tuned on our labels of the frames that were chosen, and judged
on later frames that nobody chooses from. Trainings that are done already are not done again.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from datasets.catalog.vtest import LABELS_PATH, VTEST
from datasets.catalog.yolox import YOLOX_WEIGHTS
from datasets.dataset import Dataset
from datasets.files import place_file, write_atomically
from datasets.formats.coco_samples import CocoFormat
from datasets.formats.format import Losses
from datasets.samples import Sample, Split
from labeling.selection_proof.experiment import Experiment, Outcome
from labeling.selection_proof.rounds import Chooser
from labeling.selection_proof.savings import curve, savings
from serving.core.errors import LabelingError

BUDGETS = (4, 8, 16, 32)
NUM_STEPS = 24
"""Of eight crops each, whatever the budget: every training costs the same."""

POOL_UNTIL_FRAME, TEST_FROM_FRAME = 300, 320
"""Two seconds lie between, so that nobody is judged by a picture that was trained on."""

_BATCH_SIZE = 8
_START_WEIGHTS = "yolox_nano.onnx"
_ROOT = Path(__file__).resolve().parents[2]
_NUM_TOLD = 5


def detection_experiment(
    folder: Path, data_dir: Path, seeds: Sequence[int], tell: Callable[[str], None]
) -> Experiment:
    """AP over labelled frames, by chance and by `task=select`.

    Args:
        folder: for data sets, bundles and scores; what is there already is used.
        data_dir: where the video and the start weights lie or are fetched to.
        seeds: of the first frames and the draws.
        tell: is told of every score.

    Raises:
        FootfallError: the video or the weights cannot be had, or a command failed.
    """
    study = _Study(folder, data_dir, tell)
    scores: dict[Chooser, list[list[float]]] = {Chooser.RANDOM: [], Chooser.RULE: []}
    for seed in seeds:
        for chooser, runs in scores.items():
            runs.append(study.play(chooser, seed))
    chance, ours = (np.array(scores[one]) for one in (Chooser.RANDOM, Chooser.RULE))
    return Experiment(
        "person detection",
        "AP",
        f"{study.num_pool} frames of vtest.avi, 0.4 s apart, before frame {POOL_UNTIL_FRAME}; "
        f"YOLOX-nano from COCO weights, {NUM_STEPS} steps of {_BATCH_SIZE}; tested on "
        f"{study.num_test} labelled frames from {TEST_FROM_FRAME} on",
        study.num_pool,
        ("person",),
        len(seeds),
        (
            Outcome(Chooser.RANDOM, tuple(curve(BUDGETS, chance)), ()),
            Outcome(
                Chooser.RULE,
                tuple(curve(BUDGETS, ours)),
                tuple(savings(BUDGETS, ours, BUDGETS, chance)),
            ),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Step:
    """Where one training lies, and the keys of the frames that it learns from."""

    folder: Path
    keys: tuple[str, ...]

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def bundle(self) -> Path:
        return self.folder / "bundle"


class _Study:
    """The frames, and the commands."""

    def __init__(self, folder: Path, data_dir: Path, tell: Callable[[str], None]) -> None:
        self._folder, self._data_dir, self._tell = folder.resolve(), data_dir.resolve(), tell
        self._video = VTEST.get(data_dir)
        YOLOX_WEIGHTS[_START_WEIGHTS].get(data_dir / "weights")
        frames = [
            replace(sample, path=self._video.name)
            for sample in CocoFormat().read(LABELS_PATH, Losses())
        ]
        self._pool = [one for one in frames if (one.frame_index or 0) < POOL_UNTIL_FRAME]
        test = [one for one in frames if (one.frame_index or 0) >= TEST_FROM_FRAME]
        self.num_pool, self.num_test = len(self._pool), len(test)
        self._write(self._folder / "test", [replace(one, split=Split.TEST) for one in test])

    def play(self, chooser: Chooser, seed: int) -> list[float]:
        """AP at each budget; the first frames are the same for every chooser."""
        random = np.random.default_rng(seed)
        order = [self._pool[row].key for row in random.permutation(len(self._pool))]
        of_seed = self._folder / f"seed-{seed}"
        step = _Step(of_seed / "first", tuple(order[: BUDGETS[0]]))
        scores = [self._score(step)]
        for budget in BUDGETS[1:]:
            keys = tuple(order[:budget])
            if chooser is Chooser.RULE:
                keys = (*step.keys, *self._selected(step, budget - len(step.keys), seed))
            step = _Step(of_seed / chooser.name.lower() / f"{budget}", keys)
            scores.append(self._score(step))
        self._tell(f"{chooser}, seed {seed}: " + ", ".join(f"{one:.3f}" for one in scores))
        return scores

    def _selected(self, step: _Step, num: int, seed: int) -> list[str]:
        output = step.folder / "next.txt"
        self._python(
            step.folder / "select.log",
            *("-m", "labeling", "task=select", f"dataset={step.data}", f"num={num}"),
            *(f"bundle={step.bundle}", f"output={output}", f"seed={seed}", "gap_s=0"),
        )
        keys = output.read_text(encoding="utf-8").split()
        if len(keys) < num:
            raise LabelingError(f"{output}: expected {num} frames, got {len(keys)}")
        return keys

    def _score(self, step: _Step) -> float:
        """AP of a detector that has learned the frames of a step."""
        judged = step.folder / "judged.json"
        learned = step.folder / "learned.txt"
        keys = "".join(f"{key}\n" for key in step.keys)
        if not learned.is_file() or learned.read_text(encoding="utf-8") != keys:
            self._train(step)
            self._python(
                step.folder / "judge.log",
                *("-m", "evaluation", "task=data_set", f"folder={self._folder / 'test'}"),
                *("split=test", f"detector.bundle={step.bundle}", "num_resamples=0"),
                f"output={judged}",
            )
            write_atomically(learned, keys)  # last: what is there is whole
        return float(json.loads(judged.read_text(encoding="utf-8"))["metrics"]["AP"])

    def _train(self, step: _Step) -> None:
        labelled = set(step.keys)
        self._write(step.data, [_as_known(one, one.key in labelled) for one in self._pool])
        num_epochs = NUM_STEPS // -(-len(labelled) // _BATCH_SIZE)
        self._python(
            step.folder / "train.log",
            *("train.py", "experiment=detection/site", "data=folder", f"dataset={step.data}"),
            *(f"model.start_weights={_START_WEIGHTS}", f"bundle.folder={step.bundle}"),
            *(f"paths.output_dir={self._folder / 'runs'}", f"paths.data_dir={self._data_dir}"),
            *(f"trainer.max_epochs={num_epochs}", f"data.plain_from_epoch={num_epochs * 3 // 4}"),
            f"trainer.check_val_every_n_epoch={num_epochs + 1}",
        )

    def _write(self, folder: Path, samples: Sequence[Sample]) -> None:
        place_file(self._video, folder / self._video.name)
        Dataset.create(
            folder,
            samples,
            name="vtest-selection",
            source=VTEST.file_name,
            licence=f"labels CC BY 4.0; video {VTEST.licence}",
            commercial_use=False,
        )

    @staticmethod
    def _python(log: Path, *words: str) -> None:
        """Run a command of ours, its words in a file.

        Raises:
            LabelingError: it failed; the end of what it said.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as file:
            done = subprocess.run(
                [sys.executable, *words], cwd=_ROOT, stdout=file, stderr=file, check=False
            )
        if done.returncode:
            said = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_NUM_TOLD:]
            raise LabelingError(
                f"select_proof ({log}): expected exit code 0, got {done.returncode}\n"
                + "\n".join(said)
            )


def _as_known(sample: Sample, is_labelled: bool) -> Sample:
    """A frame of the pool as `task=select` may see it."""
    if is_labelled:
        return replace(sample, split=Split.TRAIN)
    return replace(sample, boxes=(), is_labelled=False)
