"""Pre-annotation on demand: what Label Studio asks of a model while a labeler opens a task.

Its protocol: `GET /health`, `POST /setup` when a project connects, `POST /predict` with tasks.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from datasets.formats.label_studio import Interface, samples_in
from datasets.formats.label_studio.names import FRAME_RATE
from labeling.annotations import key_of
from labeling.json_server import Answer, RefusedError
from labeling.predictions import Predictor, predictions_of
from serving.core.errors import FootfallError

_SHOWN_BY = {
    ("RectangleLabels", "Image"): Interface.PERSON_BOXES,
    ("VideoRectangle", "Video"): Interface.PERSON_TRACKS,
}
"""By the control of an interface and what it draws on: what we can say there."""


class MlBackend:
    """Answers Label Studio with one of our models.

    Args:
        predictor: the model that says who is in a picture; asked by one thread at a time.
        following: the one that says who walks through a video; None: such projects are refused.
    """

    def __init__(self, predictor: Predictor, following: Predictor | None = None) -> None:
        self._predictor = predictor
        self._predictors = {Interface.PERSON_BOXES: predictor}
        if following is not None:
            self._predictors[Interface.PERSON_TRACKS] = following
        self._lock = threading.Lock()

    @property
    def answers(self) -> Mapping[tuple[str, str], Answer]:
        """For a `JsonServer`."""
        return {
            ("GET", "/"): self._health,
            ("GET", "/health"): self._health,
            ("POST", "/setup"): self._setup,
            ("POST", "/predict"): self._predict,
        }

    def _health(self, _: Any) -> dict[str, Any]:
        return {"status": "UP", "model_class": "Footfall", "model_version": self._predictor.version}

    def _setup(self, body: Any) -> dict[str, Any]:
        self._asked(_text(body, "schema"))
        return {"model_version": self._predictor.version}

    def _predict(self, body: Any) -> dict[str, Any]:
        interface, class_names = self._asked(_text(body, "label_config"))
        tasks = body.get("tasks")
        if not isinstance(tasks, list):
            raise RefusedError(f"predict: expected a list 'tasks', got {type(tasks).__name__}")
        return {
            "results": [self._result(task, interface, class_names) for task in tasks],
            "model_version": self._predictor.version,
        }

    def _result(
        self, task: Any, interface: Interface, class_names: Sequence[str]
    ) -> dict[str, Any]:
        """The prediction of a task; of one that cannot be answered an empty one with the reason."""
        predictor = self._predictors[interface]
        nothing = {"result": [], "score": 0.0, "model_version": predictor.version}
        if not isinstance(task, Mapping) or key_of(task) is None:
            return nothing | {"error": "expected a task that was pushed by Footfall"}
        rate_hz = _frame_rate_hz(task)
        try:
            samples = samples_in(task)
            with self._lock:
                (found,) = predictions_of(
                    predictor, interface, [samples], class_names, lambda sample: rate_hz
                )
        except FootfallError as error:
            return nothing | {"error": str(error)}
        return nothing | (found or {})

    def _asked(self, label_config: str) -> tuple[Interface, list[str]]:
        """What a project asks, and the labels that it offers.

        Raises:
            RefusedError: its interface is one that our models have nothing to say to.
        """
        try:
            root = ElementTree.fromstring(label_config)
        except ElementTree.ParseError as error:
            raise RefusedError(f"label config: expected XML, got {error}") from error
        tags = {element.tag for element in root.iter()}
        for controls, interface in _SHOWN_BY.items():
            if tags.issuperset(controls) and interface in self._predictors:
                labels = (label.get("value") for label in root.iter("Label"))
                return interface, [label for label in labels if label is not None]
        raise RefusedError(
            "label config: expected boxes on pictures (RectangleLabels), as in person_boxes, or on "
            f"videos (VideoRectangle), as in person_tracks, got {sorted(tags)}"
        )


def _frame_rate_hz(task: Mapping[str, Any]) -> float | None:
    """What the task states; None where it states none that can be."""
    rate_hz = task["data"].get(FRAME_RATE)
    return rate_hz if isinstance(rate_hz, int | float) and 0 < rate_hz < math.inf else None


def _text(body: Any, key: str) -> str:
    if not isinstance(body, Mapping) or not isinstance(body.get(key), str):
        raise RefusedError(f"expected an object with a text '{key}', got {type(body).__name__}")
    return body[key]
