"""Sheets as a picture sees them."""

import numpy as np
import pytest

from datasets.synthetic.surface import Mesh, Window, filled_outline, normals, seen, sheet, strokes
from tests.datasets.synthetic.made_up import pose_of


def flat(width=1.0, height=0.5, z=0.0):
    """A flat sheet around the origin that faces the viewer of a frontal head."""
    x = np.linspace(-width / 2, width / 2, 5, dtype=np.float32)
    y = np.linspace(-height / 2, height / 2, 5, dtype=np.float32)[:, None]
    points = np.stack(np.broadcast_arrays(x, y, np.float32(z)), axis=-1)
    return sheet(np.ascontiguousarray(points, np.float32))


def test_a_flat_sheet_covers_its_area():
    patch = seen(flat(), pose_of(), (160, 160), margin=0.0)
    assert patch.alpha.sum() == pytest.approx(40 * 20, rel=0.03)  # 1 by 0.5 units of 40 px
    middle = patch.alpha[70 - patch.window.top, 80 - patch.window.left]
    assert middle == pytest.approx(1)


def test_a_sheet_turned_by_sixty_degrees_covers_half():
    patch = seen(flat(), pose_of(yaw=np.pi / 3), (160, 160), margin=0.0)
    assert patch.alpha.sum() == pytest.approx(40 * 20 / 2, rel=0.06)


def test_the_back_of_a_sheet_is_not_seen_unless_it_hangs_free():
    behind = pose_of(yaw=np.pi)
    assert seen(flat(), behind, (160, 160), 0.0) is None
    mesh = flat()
    assert seen(Mesh(mesh.points, mesh.coords, two_sided=True), behind, (160, 160), 0.0) is not None


def test_a_sheet_outside_the_picture_is_nothing_and_one_at_the_edge_is_cut():
    assert seen(flat(), pose_of(origin_px=(500, 500)), (160, 160), 0.1) is None
    patch = seen(flat(), pose_of(origin_px=(0, 80)), (160, 160), 0.0)
    assert patch.window.left == 0
    assert patch.alpha.sum() == pytest.approx(20 * 20, rel=0.06)


def test_places_on_the_cloth_are_in_units_of_the_head():
    patch = seen(flat(), pose_of(), (160, 160), margin=0.0)
    column = 90 - patch.window.left  # 10 px right of the middle, and its pixel's own half
    row = 70 - patch.window.top
    across, down = patch.coords[row, column]
    assert across == pytest.approx(10.5 / 40, abs=0.01)
    assert down == pytest.approx(0.25 + 0.5 / 40, abs=0.01)  # from the upper edge


def test_normals_point_away_from_the_head():
    np.testing.assert_allclose(normals(flat().points), np.tile([0, 0, 1], (5, 5, 1)), atol=1e-6)
    angle = np.linspace(-1, 1, 9, dtype=np.float32)
    y = np.linspace(-1, 1, 5, dtype=np.float32)[:, None]
    tube = np.stack(np.broadcast_arrays(np.sin(angle), y, np.cos(angle)), axis=-1)
    outward = normals(np.ascontiguousarray(tube, np.float32))
    np.testing.assert_allclose(outward[2, 4], [0, 0, 1], atol=1e-5)
    assert outward[2, 7, 0] > 0.5 and outward[2, 1, 0] < -0.5


def test_a_line_thinner_than_a_pixel_is_fainter():
    window = Window(0, 0, 400, 40)  # too wide to be drawn finer
    line = [np.float32([[10, 20], [390, 20]])]
    thin, thick = strokes(line, 0.25, window), strokes(line, 1.0, window)
    assert thin.sum() == pytest.approx(thick.sum() / 4, rel=0.15)


def test_an_outline_covers_its_area():
    window = Window(10, 10, 40, 40)
    square = np.float32([[20, 20], [40, 20], [40, 40], [20, 40]])
    assert filled_outline(square, window).sum() == pytest.approx(400, rel=0.08)
