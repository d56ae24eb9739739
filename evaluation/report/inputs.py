"""All that a report shows, before anything is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evaluation.figure import Figure
from evaluation.report.recording import Recording
from evaluation.speed.result import SpeedResult
from evaluation.targets import Target, Verdict
from serving.core.bundle import Bundle
from serving.core.errors import LabelError


@dataclass(frozen=True, slots=True)
class DataSource:
    """Data that the report rests on: what it is called, what it is, under which terms."""

    name: str
    description: str
    licence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInputs:
    """What was counted, measured and used.

    Attributes:
        site: what the site is called.
        recordings: what each camera gave; at least one.
        verdicts: the measured figures, each against its target where it has one.
        not_measured: targets that nothing was measured for, by name.
        before: detection figures without fine-tuning; empty where none were made.
        after: the same with it, on the same data.
        speed: the speed measurement, None where none was made.
        bundles: the models in use.
        data: what the figures were measured on and the models trained with.
        commands: how to make the outputs, the figures and the report again.
        limits: what the figures do not say.

    Raises:
        LabelError: there is no recording.
    """

    site: str
    recordings: tuple[Recording, ...]
    verdicts: tuple[Verdict, ...] = ()
    not_measured: Mapping[str, Target] = field(default_factory=dict)
    before: tuple[Figure, ...] = ()
    after: tuple[Figure, ...] = ()
    speed: SpeedResult | None = None
    bundles: tuple[Bundle, ...] = ()
    data: tuple[DataSource, ...] = ()
    commands: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.recordings:
            raise LabelError(f"report of site '{self.site}': expected a recording, got none")
