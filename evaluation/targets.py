"""The benchmark: what figure is to be reached on what data, and where that number comes from.

`conf/benchmark/default.yaml` holds the entries; this is their schema and the verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field

from evaluation.figure import Figure, Metric, Task
from serving.configuration import Settings, parse
from serving.core.errors import ConfigError, FootfallError

ANY_DATASET = "any"


class Kind(StrEnum):
    """A floor must not be missed on the sample; a goal is to be reached and may stand open."""

    FLOOR = "floor"
    GOAL = "goal"


class MissedFloorError(FootfallError):
    """A figure of the sample is worse than the benchmark allows."""


class Target(Settings):
    """One entry of the benchmark."""

    task: Task
    metric: Metric
    dataset: str = ANY_DATASET
    """The data that the number is meant for; `any`: whatever is measured."""
    target: float
    better: Literal["higher", "lower"] = "higher"
    kind: Kind
    unit: Literal["share", "count", "ms", "ratio"] = "share"
    definition: str = Field(min_length=1)
    source: str = Field(min_length=1)
    """Where the number comes from."""

    def is_met(self, value: float) -> bool:
        """Whether a measured value reaches the target."""
        return value >= self.target if self.better == "higher" else value <= self.target

    def concerns(self, figure: Figure, task: Task) -> bool:
        """Whether the target is meant for a figure of a task."""
        return (task, figure.metric) == (self.task, self.metric) and self.dataset in (
            ANY_DATASET,
            figure.dataset,
        )


class Benchmark(Settings):
    """All targets, by a name of their own."""

    targets: dict[str, Target]

    @classmethod
    def from_values(cls, values: Mapping[str, Any], where: str) -> Benchmark:
        """The benchmark that a file holds; `where` names the file.

        Raises:
            ConfigError: an unknown figure, key or kind, or a missing value.
        """
        return parse(cls, values, where)

    @classmethod
    def load(cls, path: str | Path) -> Benchmark:
        """The benchmark in a YAML file.

        Raises:
            ConfigError: as `from_values`, or the file is missing or no YAML.
        """
        try:
            values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        except (OSError, yaml.YAMLError) as error:
            raise ConfigError(f"{path}: expected a benchmark in YAML, got {error}") from error
        return cls.from_values(values or {}, str(path))

    def judge(self, figures: Sequence[Figure], task: Task) -> list[Verdict]:
        """One verdict for each target that a figure has; one without target for the others."""
        verdicts: list[Verdict] = []
        for figure in figures:
            concerned = {
                name: target
                for name, target in self.targets.items()
                if target.concerns(figure, task)
            }
            verdicts += [Verdict(figure, name, target, task) for name, target in concerned.items()]
            if not concerned:
                verdicts.append(Verdict(figure, task=task))
        return verdicts

    def not_measured(self, verdicts: Sequence[Verdict]) -> dict[str, Target]:
        """The targets for which no figure was given."""
        measured = {verdict.target_name for verdict in verdicts}
        return {name: target for name, target in self.targets.items() if name not in measured}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A figure held against one target, or against none."""

    figure: Figure
    target_name: str | None = None
    target: Target | None = None
    task: Task | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None without a target or a value."""
        if self.target is None or self.figure.value is None:
            return None
        return self.target.is_met(self.figure.value)

    @property
    def misses_floor(self) -> bool:
        """Whether the figure is worse than a target that must not be missed."""
        return self.target is not None and self.target.kind is Kind.FLOOR and self.met is False

    def to_record(self) -> dict[str, Any]:
        """The figure with its target as plain values for JSON."""
        task = None if self.task is None else self.task.value
        record = {"task": task, **self.figure.to_record(), "target_name": self.target_name}
        if self.target is None:
            return {**record, "target": None, "kind": None, "source": None, "met": None}
        target = self.target
        return {
            **record,
            "target": target.target,
            "kind": target.kind.value,
            "source": target.source,
            "met": self.met,
        }
