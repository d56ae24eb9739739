"""Samples that a format is made for, written and read: what differs must be what it reported.

`test_every_format` draws every field at random, of which some formats can seldom hold enough.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from datasets.formats.format import Losses
from datasets.samples import Box, Sample
from tests.datasets.formats.test_every_format import possible_differences, write

few = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))

paths = st.builds(
    "{}{}{}".format,
    st.sampled_from(["a/", "画像/img1/"]),
    st.sampled_from(["1", "000007", "é", "0002_c1s1_000451_03", "30_1_2_2017", "2_0_1_a_1"]),
    st.sampled_from([".jpg", ".png", ".JPG"]),
)
frames = st.sampled_from(["v.mp4", "a/v.mp4", "b.avi"])
ids = st.sampled_from(
    ["1", "2", "02", "0002", "0000", "-1", "999999", "1000000", "a/b", "c_1", "é"]
)
lengths = st.integers(0, 50).map(float) | st.floats(0, 50)


def likely(**given):
    """Lists of samples with these fields."""
    one = st.builds(Sample, **{"tags": st.sampled_from([(), ("night",)]), **given})
    return st.lists(one, min_size=1, max_size=6, unique_by=lambda sample: sample.key)


def likely_boxes(**given):
    """Boxes with these fields."""
    corners = st.builds(
        lambda left, top, width, height: (left, top, left + width, top + height),
        *[lengths] * 4,
    )
    return st.lists(st.builds(Box, corners, **given), max_size=3).map(tuple)


def written_and_read(format_, given_samples):
    """What was read of what was written, after a check that what differs is what was reported."""
    with tempfile.TemporaryDirectory() as folder:
        placed, losses, root = write(format_, given_samples, Path(folder))
        reading = Losses()
        read = list(format_.read(root, reading))
    assert not reading, f"reading what was written lost {reading.lines()}"
    unplaced = Counter(sample=len(given_samples) - len(placed))
    found = [+(unplaced + one) for one in possible_differences(placed, read)]
    assert losses.counts in found, f"told {losses.counts}, found one of {found}"
    return read
