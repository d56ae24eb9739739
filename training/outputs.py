"""What a run writes, whole or not at all, and what is said where it cannot be written."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins import TorchCheckpointIO

from datasets.files import write_atomically
from serving.core.errors import ConfigError, SinkError


class WholeCheckpoints(TorchCheckpointIO):
    """Checkpoints as Lightning writes them, but moved into place when they are complete."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None
    ) -> None:
        """Write a checkpoint.

        Raises:
            SinkError: it cannot be written; nothing lies at `path` that did not lie there before.
        """
        content = io.BytesIO()
        torch.save(checkpoint, content)
        try:
            write_atomically(Path(path), content.getvalue())
        except OSError as error:
            raise SinkError(
                f"checkpoint {path}: expected to write {content.tell():,} bytes, "
                f"got {error.strerror}"
            ) from error

    def load_checkpoint(self, path: str | Path, *args: Any, **options: Any) -> dict[str, Any]:
        """Read a checkpoint to resume from.

        Raises:
            ConfigError: the file is not one, or not a whole one.
        """
        try:
            checkpoint = super().load_checkpoint(path, *args, **options)
        except (RuntimeError, EOFError, LookupError, pickle.UnpicklingError) as error:
            raise ConfigError(
                f"key 'ckpt': expected a whole checkpoint, got {path}: {_reason(error)}"
            ) from error
        if not isinstance(checkpoint, dict) or "state_dict" not in checkpoint:
            raise ConfigError(f"key 'ckpt': expected a checkpoint of train.py, got {path}")
        return checkpoint


@contextmanager
def recording(store: str | None) -> Iterator[None]:
    """Say which of MLflow's stores could not be used.

    Args:
        store: the address of its database, where the run has one.

    Raises:
        SinkError: the disk is full, or the store is no store or cannot be reached.
    """
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, MlflowException) as error:
        raise SinkError(
            f"MLflow store {store}: expected to record the run, got {_reason(error)}"
        ) from error


def open_store(address: str) -> None:
    """Open MLflow's store, and create what it lacks: the first thing that a full disk refuses.

    Raises:
        SQLAlchemyError, MlflowException: it cannot be opened.
    """
    from mlflow.tracking import MlflowClient

    MlflowClient(address).search_experiments(max_results=1)


def _reason(error: BaseException) -> str:
    """What a database itself said, where one said something, else the first line."""
    cause: BaseException | None = error
    while cause is not None:
        said = getattr(cause, "orig", None)
        if said is not None:
            return str(said)
        cause = cause.__cause__ or cause.__context__
    return next(iter(str(error).splitlines()), repr(error))
