"""`python -m labeling task=…`: push frames to labelers, pull their labels, and more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from datasets.command_line import command
from labeling.commands import TASKS
from labeling.request import ORIGIN, LabelingTask
from serving.configuration import parse
from serving.core.errors import ConfigError
from serving.core.wording import unknown_name

_TASK = "task"


@command("label")
def main(config: DictConfig) -> None:
    """Check what was written, and do the task."""
    plain = cast(
        dict[str, Any], OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    )
    task = _chosen(plain.pop(_TASK))
    written = {key: value for key, value in plain.items() if value is not None}
    _check_keys(task, written)
    task.run(parse(task.Request, written, ORIGIN))


def _chosen(name: object) -> LabelingTask:
    by_name = {task.NAME: task for task in TASKS}
    if name not in by_name:
        raise unknown_name(f"key '{_TASK}'", str(name), by_name, ORIGIN)
    return by_name[str(name)]


def _check_keys(task: LabelingTask, written: Mapping[str, Any]) -> None:
    """Refuse a key that the task does not read: somebody thinks that it has an effect.

    Raises:
        ConfigError: names the tasks that do.
    """
    for key in written:
        if key not in task.Request.model_fields:
            readers = _readers(key)
            if not readers:
                raise unknown_name(f"key '{key}'", key, _all_keys(), ORIGIN)
            raise ConfigError(
                f"key '{key}' ({ORIGIN}): expected task={' or '.join(readers)}, got {task.NAME}"
            )


def _readers(key: str) -> list[str]:
    return [task.NAME for task in TASKS if key in task.Request.model_fields]


def _all_keys() -> Iterable[str]:
    return sorted({_TASK, *(key for task in TASKS for key in task.Request.model_fields)})


if __name__ == "__main__":
    main()
