"""A full disk is told in one line that says what had no room, and leaves nothing half-written."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import torch

from serving.core.errors import ConfigError, SinkError
from training.outputs import WholeCheckpoints

CHECKPOINT = {"state_dict": {"weight": torch.arange(1000.0)}}


@contextmanager
def largest_file(num_bytes: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(
    ("num_bytes", "message"),
    [
        (400_000, "MLflow store sqlite:///{}/mlflow.db: expected to record the run, got d"),
        (2_000_000, "checkpoint {}/run/checkpoints/epoch=000.ckpt: expected to write 15,"),
    ],
)
def test_training_on_a_full_disk_ends_with_one_line(
    train: Callable[..., CompletedProcess[str]],
    few_frames: str,
    tmp_path: Path,
    num_bytes: int,
    message: str,
) -> None:
    result = train(tmp_path, few_frames, largest_file=num_bytes)
    assert result.returncode == SinkError.exit_code
    assert "Traceback" not in result.stderr
    assert result.stderr.splitlines()[-1].startswith(f"error: {message.format(tmp_path)}")
    assert not (tmp_path / "run" / "bundle").exists()
    assert not list(tmp_path.rglob("*.ckpt"))


def test_a_checkpoint_without_room_leaves_the_one_before_it(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    WholeCheckpoints().save_checkpoint(CHECKPOINT, path)
    before = path.read_bytes()
    message = rf"checkpoint {path}: expected to write \d,\d+ bytes, got File too large"
    with largest_file(1000), pytest.raises(SinkError, match=message):
        WholeCheckpoints().save_checkpoint(CHECKPOINT, path)
    assert [entry.read_bytes() for entry in tmp_path.iterdir()] == [before]


def test_a_checkpoint_reads_back(tmp_path: Path) -> None:
    WholeCheckpoints().save_checkpoint(CHECKPOINT, tmp_path / "last.ckpt")
    got = WholeCheckpoints().load_checkpoint(tmp_path / "last.ckpt", weights_only=False)
    assert torch.equal(got["state_dict"]["weight"], CHECKPOINT["state_dict"]["weight"])


@pytest.mark.parametrize("num_bytes", [0, 10, 2000])
def test_half_a_checkpoint_is_refused(tmp_path: Path, num_bytes: int) -> None:
    path = tmp_path / "last.ckpt"
    WholeCheckpoints().save_checkpoint(CHECKPOINT, path)
    path.write_bytes(path.read_bytes()[:num_bytes])
    with pytest.raises(ConfigError, match=f"'ckpt': expected a whole checkpoint, got {path}: "):
        WholeCheckpoints().load_checkpoint(path, weights_only=False)


def test_another_torch_file_is_no_checkpoint(tmp_path: Path) -> None:
    torch.save({"model": {}}, tmp_path / "yolox.pth")
    with pytest.raises(ConfigError, match=r"expected a checkpoint of train\.py, got .*yolox\.pth"):
        WholeCheckpoints().load_checkpoint(tmp_path / "yolox.pth", weights_only=False)
