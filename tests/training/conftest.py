"""`train.py` as a process of its own, and labels so few that a run takes seconds."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from datasets.catalog.vtest import LABELS_PATH

Train = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def train(repository: Path) -> Train:
    """Runs `train.py`; files may grow to `largest_file` bytes, as on a disk that is nearly full."""

    def run(
        output: Path, *overrides: str, largest_file: int | None = None, path: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        def limit() -> None:
            if largest_file is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

        command = [sys.executable, "train.py", "experiment=detection/smoke"]
        return subprocess.run(
            [*command, f"paths.output_dir={output}", f"hydra.run.dir={output}/run", *overrides],
            cwd=repository,
            env=os.environ if path is None else {**os.environ, "PYTHONPATH": str(path)},
            preexec_fn=limit,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def few_frames(sample_video: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The override that names five labelled frames of the sample as all data that there is."""
    values = json.loads(LABELS_PATH.read_text())
    values["images"].sort(key=lambda image: image["frame_index"])
    del values["images"][5:]
    kept = {image["id"] for image in values["images"]}
    values["annotations"] = [a for a in values["annotations"] if a["image_id"] in kept]
    labels = tmp_path_factory.mktemp("labels") / "labels.json"
    labels.write_text(json.dumps(values))
    source = f"_target_: datasets.detection.CocoVideo, labels: {labels}, video: {sample_video}"
    return f"data.sources=[{{{source}, gap_s: 0.0}}]"
