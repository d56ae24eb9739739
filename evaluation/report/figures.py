"""Figures in words and drawings: each against its target, before and after fine-tuning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from markupsafe import Markup

from evaluation.figure import Figure, Metric, Task
from evaluation.report.charts import Interval, gauge, interval_chart
from evaluation.targets import Kind, Target, Verdict


class Status(StrEnum):
    """How a figure stands against its target."""

    MET = "met"
    NOT_MET = "not met"
    NOT_MEASURED = "not measured yet"


@dataclass(frozen=True, slots=True)
class Goal:
    """One target and how it stands; `must` is one that may not be missed."""

    status: Status
    target: str
    source: str
    must: bool


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure of the table, ready to be printed.

    Attributes:
        title: what was measured, in everyday words.
        term: the field's name for it, empty where only we call it so.
        meaning: one sentence for someone who does not know the term.
        interval: the 95 % interval, empty where there is none.
        rests_on: how many of what the value was computed from, and of which data.
        goals: the targets that it is held against.
    """

    title: str
    term: str
    meaning: str
    goals: tuple[Goal, ...]
    value: str = ""
    interval: str = ""
    rests_on: str = ""
    drawing: Markup | None = None


_WORDS: dict[Metric, tuple[str, str]] = {
    Metric.COUNTING_ACCURACY: (
        "People counting",
        "How close the counted crossings come to the true ones, line by line; 100 % is exact.",
    ),
    Metric.COUNTING_ACCURACY_15_MIN: (
        "People counting, by quarter hour",
        "The same, but judged in windows of 15 minutes, so that errors cannot cancel out.",
    ),
    Metric.HEATMAP_OVERLAP: (
        "Heatmap",
        "How much of the measured time on the floor lies where people really were.",
    ),
    Metric.IDF1: (
        "Following people",
        "How much of each person's way is told under one and the same number.",
    ),
    Metric.HOTA: (
        "Finding and following",
        "One figure for both: are people found, exactly, and do they keep their number?",
    ),
    Metric.MOTA: (
        "Tracking without slips",
        "100 % less the people missed, the false alarms and the numbers mixed up.",
    ),
    Metric.AP50: (
        "Finding people",
        "How well people are found in single pictures: few missed, few false alarms.",
    ),
    Metric.AP75: (
        "Finding people, tight boxes",
        "The same, counting only boxes that fit closely.",
    ),
    Metric.AP: (
        "Finding people, all box fits",
        "The same, averaged from loose to very tight boxes.",
    ),
    Metric.TRACKER_TIME: (
        "Time to follow people",
        "Computing time that following everyone takes in each picture, in milliseconds.",
    ),
    Metric.SPEED_TO_LIMIT: (
        "Speed against what is possible",
        "How fast the whole server runs beside decoding and detection alone; 1 is no overhead.",
    ),
    Metric.SPEED_TO_PEER: (
        "Speed against a hand-written program",
        "How many times faster it is than a usual loop of public tools on this machine.",
    ),
    Metric.AGE_GENDER_ACCURACY: (
        "Age and gender",
        "How often the estimated age band and gender are right.",
    ),
    Metric.TPIR_AT_1_FPIR: (
        "Watchlist",
        "How many listed people are recognised while 1 of 100 others raises a false alert.",
    ),
    Metric.RANK_1: (
        "Recognising people again",
        "How often the most similar person of another camera is the right one.",
    ),
    Metric.REID_MAP: (
        "Recognising people again, all pictures",
        "How far up the list of similar people all pictures of the right one stand.",
    ),
    Metric.MASK_F1: ("Face masks", "How well faces with and without a mask are told apart."),
    Metric.CLIP_F1: ("Suspicious behaviour", "How well suspicious clips are told from others."),
    Metric.CLIP_AUC: (
        "Suspicious behaviour, ranking",
        "How often a suspicious clip is rated above an ordinary one.",
    ),
    Metric.RECALL: ("Recall", "How many of the real people are there."),
    Metric.PRECISION: ("Precision", "How many of the boxes really are people."),
}
_TASK_WORDS: dict[tuple[Task, Metric], tuple[str, str]] = {
    (Task.LABELS, Metric.RECALL): (
        "Our labels: complete",
        "How many of the real people our labels contain.",
    ),
    (Task.LABELS, Metric.PRECISION): (
        "Our labels: right",
        "How many of our labels really are people.",
    ),
    (Task.LABELS, Metric.PRECISION_ALL_BOXES): (
        "Our labels: right, the far ones too",
        "The same, with people who are marked as too far to be judged.",
    ),
    (Task.LABELS, Metric.MEAN_IOU): (
        "Our labels: tightness",
        "How much a label and the box that others drew of the same person overlap.",
    ),
    (Task.LABELS, Metric.PAIRS_AT_IOU_75): (
        "Our labels: tight ones",
        "How many of these pairs overlap by three quarters or more.",
    ),
    (Task.PATHS, Metric.IDF1): (
        "Following people from camera to camera",
        "How much of each person's way through all cameras is told under one number.",
    ),
}
_COMPARED = (Metric.AP50, Metric.AP75, Metric.AP)


def figure_rows(verdicts: Sequence[Verdict]) -> list[FigureRow]:
    """The measured figures, each once with all of its targets, in the order given."""
    targets: dict[tuple[Figure, Task | None], list[Target]] = {}
    for verdict in verdicts:
        found = targets.setdefault((verdict.figure, verdict.task), [])
        found += [] if verdict.target is None else [verdict.target]
    return [_figure_row(figure, task, goals) for (figure, task), goals in targets.items()]


def open_row(target: Target) -> FigureRow:
    """A target that nothing was measured for."""
    title, meaning = words(target.metric, target.task, target.definition)
    goal = _goal(target, Status.NOT_MEASURED)
    return FigureRow(title=title, term=_term(target.metric), meaning=meaning, goals=(goal,))


def _figure_row(figure: Figure, task: Task | None, targets: Sequence[Target]) -> FigureRow:
    title, meaning = words(figure.metric, task, targets[0].definition if targets else "")
    goals = []
    for target in targets:
        met = None if figure.value is None else target.is_met(figure.value)
        status = {True: Status.MET, False: Status.NOT_MET, None: Status.NOT_MEASURED}[met]
        goals.append(_goal(target, status))
    return FigureRow(
        title=title,
        term=_term(figure.metric),
        meaning=meaning,
        goals=tuple(goals),
        value=written(figure.value, figure.unit),
        interval=_interval(figure),
        rests_on=f"{figure.n:,} {figure.n_of}, {figure.dataset}",
        drawing=_gauge(figure, targets),
    )


def _goal(target: Target, status: Status) -> Goal:
    return Goal(status, target_text(target), target.source, target.kind is Kind.FLOOR)


def _term(metric: Metric) -> str:
    return "" if metric.value.islower() else metric.value


def words(metric: Metric, task: Task | None, definition: str) -> tuple[str, str]:
    """A title and a sentence for a metric; the term and the definition where we have none."""
    if task is not None and (task, metric) in _TASK_WORDS:
        return _TASK_WORDS[task, metric]
    return _WORDS.get(metric, (metric.value, definition))


def written(value: float | None, unit: str) -> str:
    """A value with its unit, as the table prints it."""
    if value is None:
        return "–"
    if unit == "share":
        return f"{100 * value:.1f} %"
    if unit == "ms":
        return f"{value:.3g} ms"
    if unit == "m":
        return f"{value:.2f} m"
    if unit == "ratio":
        return f"{value:.2f} ×"
    return f"{value:,.0f}"


def target_text(target: Target) -> str:
    """`≥ 95.0 %`, or `≤` where less is better."""
    return f"{'≥' if target.better == 'higher' else '≤'} {written(target.target, target.unit)}"


def fine_tuning_charts(
    before: Sequence[Figure], after: Sequence[Figure]
) -> list[tuple[str, Markup]]:
    """Detection before and after fine-tuning: a chart for each data set that both were made on."""
    charts = []
    for dataset in dict.fromkeys(figure.dataset for figure in after):
        groups = []
        for metric in _COMPARED:
            pair = [
                Interval(label, found.value, found.low, found.high)
                for label, figures in (("before", before), ("after", after))
                for found in figures
                if (found.metric, found.dataset) == (metric, dataset) and found.value is not None
            ]
            if len(pair) == 2:
                groups.append((metric.value, pair))
        alt = f"Average precision on {dataset}: " + "; ".join(
            f"{name} {pair[0].value:.3f} before and {pair[1].value:.3f} after fine-tuning"
            for name, pair in groups
        )
        if groups:
            charts.append((dataset, interval_chart(groups, alt)))
    return charts


def _interval(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return ""
    low, high = written(figure.low, figure.unit), written(figure.high, figure.unit)
    return f"{low.split(' ')[0]} – {high}"


def _gauge(figure: Figure, targets: Sequence[Target]) -> Markup | None:
    if figure.value is None or not targets:
        return None
    goals = [target.target for target in targets]
    top = 1.0 if figure.unit == "share" else 1.1 * max(figure.value, figure.high or 0.0, *goals)
    value = Interval(figure.metric.value, figure.value, figure.low, figure.high)
    alt = f"{figure.metric.value} {written(figure.value, figure.unit)}, target " + ", ".join(
        target_text(target) for target in targets
    )
    return gauge(value, goals, top, alt)
