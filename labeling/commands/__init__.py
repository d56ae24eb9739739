"""The tasks of `python -m labeling`, one file each.

A file has `NAME`, `Request`, a class of the keys that the task reads, and `run(request)`; heavy
things are imported inside `run`. Keys stand in `conf/label.yaml`, as null, too.
"""

from labeling.commands import agree, demo, ml_backend, pull, push, select, select_proof, webhook
from labeling.request import LabelingTask

TASKS: tuple[LabelingTask, ...] = (
    push,
    pull,
    agree,
    select,
    select_proof,
    ml_backend,
    webhook,
    demo,
)
"""In the order of messages."""
