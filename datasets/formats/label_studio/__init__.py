"""Label Studio's JSON: tasks, predictions and annotations of the interfaces in `labeling`.

Everything is found by name: a task by its `key`, a control by its name in the XML, a label by its
word. Coordinates are percent of the picture, frames count from 1.
"""

from datasets.formats.label_studio.answers import is_prediction, result_of, samples_of
from datasets.formats.label_studio.context import samples_in
from datasets.formats.label_studio.file import LabelStudio
from datasets.formats.label_studio.identities import joined_identities
from datasets.formats.label_studio.names import Interface
from datasets.formats.label_studio.tasks import group_samples, shows, task_data, task_key

__all__ = [
    "Interface",
    "LabelStudio",
    "group_samples",
    "is_prediction",
    "joined_identities",
    "result_of",
    "samples_in",
    "samples_of",
    "shows",
    "task_data",
    "task_key",
]
