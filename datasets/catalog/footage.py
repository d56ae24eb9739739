"""Intel's sample videos as animated previews: entrance corridor, classroom, work floor, ceiling.

github.com/intel-iot-devkit/sample-videos, CC BY 4.0, credit Intel Corporation. The labels in
`footage/` are a network's own, made by `training.detection.pseudo_labels`.
"""

from datasets.catalog.entry import AddressOrigin, CatalogEntry, MirrorOrigin

_PREVIEWS = "https://raw.githubusercontent.com/intel-iot-devkit/sample-videos/master/preview"
_FILES = {
    "classroom": (
        "9efb6cab2f7392aa3bd15320313db691cfc97270a37cd2b48791f3b032b69da8",
        1_169_070,
    ),
    "face-demographics-walking": (
        "d85689169bdf1735b75c31b5cdf985f25a3fa92a6448e25f529f655002f22b3c",
        1_222_837,
    ),
    "head-pose-face-detection-female-and-male": (
        "f51c743e43848014811ad5f3daddc417754cdeb55a16d46002e0d2ccd4541b0f",
        2_258_640,
    ),
    "people-detection": (
        "fa63d51a370464652cb902f73de8940292c8b4561c595b92fe252ad23be0f1d9",
        598_579,
    ),
    "worker-zone-detection": (
        "258a1df000dfdb488f2992ecc02ed262e7ecf03f638c3f5d1736b26718783447",
        3_285_006,
    ),
}

FOOTAGE = tuple(
    CatalogEntry(
        name=name,
        file_name=f"{name}.gif",
        sha256=sha256,
        size_bytes=size_bytes,
        licence="CC BY 4.0 (Intel Corporation)",
        commercial_use=True,
        origins=(
            MirrorOrigin(f"data/footage/{name}.gif"),
            AddressOrigin(f"{_PREVIEWS}/{name}.gif"),
        ),
    )
    for name, (sha256, size_bytes) in _FILES.items()
)
