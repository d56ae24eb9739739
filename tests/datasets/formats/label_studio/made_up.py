"""Tasks and answers as Label Studio has them, made up."""

from datasets.formats.format import Losses
from datasets.formats.label_studio import (
    LabelStudio,
    samples_of,
    task_data,
)
from datasets.samples import Sample

RATE = {"frame_rate_hz": "10"}
BY = {"completed_by": {"id": 3, "email": "ada@example.com"}, "created_at": "2024-05-01T10:00:00Z"}
AT = 1714557600.0  # 2024-05-01 10:00 UTC


def task_of(interface, samples, **options):
    return {"id": 1, "data": task_data(interface, samples, lambda s: f"/{s.key}", **options)}


def answer(interface, samples, result, losses=None, **annotation):
    losses = Losses() if losses is None else losses
    return samples_of(
        interface, task_of(interface, samples), {"result": result} | annotation, losses
    )


def written(interface, samples, folder):
    """What a write and a read make of samples, and what both said was lost."""
    losses = Losses()
    LabelStudio(interface).write(samples, folder, losses)
    return list(LabelStudio(interface).read(folder, losses)), losses.counts


def rectangle(label="person", **changes):
    value = {"x": 10, "y": 20, "width": 30, "height": 40, "rotation": 0}
    entry = {"id": "a", "from_name": "label", "to_name": "image", "type": "rectanglelabels"}
    size = {"original_width": 200, "original_height": 100}
    labels = {"rectanglelabels": [label] if label else []}
    return {**entry, **size, "value": {**value, **labels, **changes}}


def choices(control, *words):
    return {"id": "c", "from_name": control, "to_name": "image", "type": "choices"} | {
        "value": {"choices": list(words)}
    }


PICTURE = Sample("door/1.jpg", image_size_hw=(100, 200), camera="door", is_labelled=False)
