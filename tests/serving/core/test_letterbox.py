import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.core.letterbox import PAD_VALUE, Letterbox


def test_a_wide_picture_fills_the_width_and_is_padded_below():
    fit = Letterbox((50, 100), (80, 80))
    out = fit.apply(np.full((50, 100, 3), 7, np.uint8))
    assert fit.scale == 0.8
    assert (out[:40] == 7).all()
    assert (out[40:] == PAD_VALUE).all()


def test_a_tall_picture_fills_the_height_and_is_padded_at_the_right():
    out = Letterbox((100, 50), (80, 80)).apply(np.full((100, 50, 3), 7, np.uint8))
    assert (out[:, :40] == 7).all()
    assert (out[:, 40:] == PAD_VALUE).all()


def test_a_reused_buffer_keeps_nothing_of_the_picture_before():
    buffer = np.zeros((80, 80, 3), np.uint8)
    Letterbox((100, 100), (80, 80)).apply(np.full((100, 100, 3), 9, np.uint8), buffer)
    out = Letterbox((50, 100), (80, 80)).apply(np.full((50, 100, 3), 7, np.uint8), buffer)
    assert out is buffer
    assert set(np.unique(out)) == {7, PAD_VALUE}


@given(
    height=st.integers(20, 1080),
    width=st.integers(20, 1920),
    corner=st.tuples(st.floats(0, 0.4), st.floats(0, 0.4), st.floats(0.5, 1), st.floats(0.5, 1)),
)
def test_boxes_come_back_where_they_were(height, width, corner):
    fit = Letterbox((height, width), (416, 416))
    box = np.array([corner], np.float32) * np.array([width, height, width, height], np.float32)
    np.testing.assert_allclose(fit.to_image(fit.to_input(box)), box, rtol=1e-4, atol=1e-2)


def test_boxes_on_the_padding_end_at_the_border_of_the_image():
    fit = Letterbox((50, 100), (80, 80))
    assert fit.to_image(np.array([[0, 0, 80, 80]], np.float32)).tolist() == [[0, 0, 100, 50]]


@pytest.mark.parametrize("value", [0, 255])
def test_resizing_keeps_flat_colours(value):
    out = Letterbox((333, 777), (416, 416)).apply(np.full((333, 777, 3), value, np.uint8))
    assert (out[:178] == value).all()
