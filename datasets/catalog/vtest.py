"""The sample: OpenCV's `vtest.avi`, a campus crossing (PETS 2009, sequence S2.L1, view 1)."""

from pathlib import Path

from datasets.catalog.entry import AddressOrigin, CatalogEntry, DebianOrigin, MirrorOrigin

VTEST = CatalogEntry(
    name="vtest",
    file_name="vtest.avi",
    sha256="45cddc9490be69345cbdab64ca583be65987e864ca408038e648db99e10516cf",
    size_bytes=8_131_690,
    licence="a sample of the OpenCV project (Apache-2.0); recorded for PETS 2009",
    commercial_use=False,
    origins=(
        MirrorOrigin("data/tracking/pets09-s2l1/vtest.avi"),
        DebianOrigin("opencv-doc", "usr/share/doc/opencv-doc/examples/data/vtest.avi"),
        AddressOrigin("https://raw.githubusercontent.com/opencv/opencv/4.x/samples/data/vtest.avi"),
    ),
)

NUM_FRAMES = 795

LABELS_PATH = Path(__file__).with_name("vtest_labels.coco.json")
"""Our own labels: every 4th of the first 500 frames, with identities."""

HELD_OUT_FROM_FRAME = 500
"""No label and so no training lies at or after this frame: figures from here on are held out."""
