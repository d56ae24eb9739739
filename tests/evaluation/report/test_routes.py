"""Which paths are one route."""

from __future__ import annotations

import numpy as np

from evaluation.report.routes import main_routes, paths_of
from serving.core.events import PathPoint

SIZE_HW = (300, 400)  # a diagonal of 500 px: routes lie 70 px apart, paths are 50 px long


def straight(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    return np.linspace((x0, y0), (x1, y1), 7)


def test_paths_that_run_side_by_side_are_one_route() -> None:
    paths = {n: straight(0, 100 + 10 * n, 400, 100 + 10 * n) for n in range(3)}
    (route,) = main_routes(paths, SIZE_HW)
    assert route.num_people == 3
    np.testing.assert_allclose(route.path_px[0], [0, 110], err_msg="the middle one stands for all")
    np.testing.assert_allclose(route.path_px[-1], [400, 110])


def test_opposite_directions_are_two_routes() -> None:
    there = {n: straight(0, 100 + n, 400, 100 + n) for n in range(3)}
    back = {10 + n: straight(400, 100 + n, 0, 100 + n) for n in range(2)}
    routes = main_routes({**there, **back}, SIZE_HW)
    assert [route.num_people for route in routes] == [3, 2]
    assert routes[0].path_px[0, 0] < routes[0].path_px[-1, 0]
    assert routes[1].path_px[0, 0] > routes[1].path_px[-1, 0]


def test_speed_and_sampling_do_not_matter() -> None:
    hesitant = np.concatenate([np.tile([[0.0, 100.0]], (20, 1)), straight(0, 100, 400, 100)])
    (route,) = main_routes({1: hesitant, 2: straight(0, 105, 400, 105)}, SIZE_HW)
    assert route.num_people == 2


def test_someone_who_stands_or_walks_alone_makes_no_route() -> None:
    paths = {1: straight(0, 0, 400, 0), 2: straight(0, 290, 400, 290), 3: straight(9, 9, 30, 9)}
    assert main_routes(paths, SIZE_HW) == []
    assert main_routes({1: np.zeros((1, 2))}, SIZE_HW) == []


def test_many_paths_are_counted_in_full_though_not_all_are_compared() -> None:
    paths = {n: straight(0, n % 10, 400, n % 10) for n in range(1000)}
    (route,) = main_routes(paths, SIZE_HW)
    assert route.num_people == 1000


def test_points_are_put_in_the_order_of_time() -> None:
    points = [
        PathPoint(camera_id="door", at_s=at_s, track_id=track, xy_px=(at_s, 0.0), xy_m=None)
        for at_s, track in ((2.0, 1), (1.0, 1), (1.5, 2))
    ]
    paths = paths_of(points)
    np.testing.assert_array_equal(paths[1], [[1, 0], [2, 0]])
    np.testing.assert_array_equal(paths[2], [[1.5, 0]])
