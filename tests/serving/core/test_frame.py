import numpy as np
import pytest

from serving.core.frame import Frame


def test_size_is_height_then_width():
    assert Frame(np.zeros((4, 6, 3), np.uint8), "door", 0, 0.0).image_size_hw == (4, 6)


@pytest.mark.parametrize(
    "image", [np.zeros((4, 6), np.uint8), np.zeros((4, 6, 4), np.uint8), np.zeros((4, 6, 3))]
)
def test_anything_but_bgr_uint8_is_refused_with_camera_and_frame(image):
    with pytest.raises(ValueError, match="camera 'door', frame 7: expected a BGR uint8 image"):
        Frame(image, "door", 7, 0.0)
