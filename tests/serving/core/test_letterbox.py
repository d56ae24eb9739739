import numpy as np
import pytest

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


def drawn(image_size_hw, box, shade):
    """A black picture with one box in a shade of grey."""
    image = np.zeros((*image_size_hw, 3), np.uint8)
    left, top, right, bottom = box
    image[top:bottom, left:right] = shade
    return image


def seen_box(difference):
    """The box that two pictures differ in, to fractions of a pixel: by its extent and middle."""
    box = []
    for axis in (0, 1):  # along a row through the box, then along a column
        profile = difference.max(axis=axis).astype(float) / 255
        middle = profile @ (np.arange(len(profile)) + 0.5) / profile.sum()
        box.append((middle - profile.sum() / 2, middle + profile.sum() / 2))
    (left, right), (top, bottom) = box
    return np.array([[left, top, right, bottom]], np.float32)


@pytest.mark.parametrize(
    "image_size_hw",
    [(2160, 4096), (1088, 1920), (1080, 1920), (576, 768), (1920, 1088), (333, 777), (100, 333)],
)
def test_a_box_is_found_where_it_was_drawn(image_size_hw):
    height, width = image_size_hw
    box = (width // 9, height // 8, width - width // 10, height - height // 12)
    fit = Letterbox(image_size_hw, (384, 640))
    black, white = (fit.apply(drawn(image_size_hw, box, shade)) for shade in (0, 255))
    found = seen_box((white - black)[..., 0])
    np.testing.assert_allclose(fit.to_image(found), [box], atol=0.5)
    np.testing.assert_allclose(fit.to_input(np.float32([box])), found, atol=0.5 * fit.scale)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_boxes_keep_their_type(dtype):
    fit = Letterbox((1088, 1920), (384, 640))
    box = np.array([[1, 2, 3, 4]], dtype)
    assert fit.to_image(box).dtype == fit.to_input(box).dtype == dtype


def test_boxes_on_the_padding_end_at_the_border_of_the_image():
    fit = Letterbox((50, 100), (80, 80))
    assert fit.to_image(np.array([[0, 0, 80, 80]], np.float32)).tolist() == [[0, 0, 100, 50]]


@pytest.mark.parametrize("value", [0, 255])
def test_resizing_keeps_flat_colours(value):
    out = Letterbox((333, 777), (416, 416)).apply(np.full((333, 777, 3), value, np.uint8))
    assert (out[:178] == value).all()
