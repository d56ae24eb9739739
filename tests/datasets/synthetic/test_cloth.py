"""Cloth by the place on it."""

import numpy as np
import pytest

from datasets.synthetic.cloth import Fabric, Pattern, any_fabric, colour_of

BLACK, WHITE, RED = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.0, 0.0, 1.0)


def grid(size=100, unit_px=50.0):
    steps = np.arange(size, dtype=np.float32) / np.float32(unit_px)
    return np.stack(np.meshgrid(steps, steps), axis=-1)


def painted(pattern, **options):
    fabric = Fabric((BLACK, WHITE, RED), pattern, weave=0.0, creases=0.0, **options)
    return fabric.painted(grid(), 50.0, np.random.default_rng(0))


def test_plain_cloth_has_one_colour():
    assert np.ptp(painted(Pattern.PLAIN)) == 0


def test_stripes_repeat_after_their_period_and_do_not_change_along():
    cloth = painted(Pattern.STRIPED, period=0.4)[..., 0]  # 20 px
    np.testing.assert_allclose(cloth[:, :80], cloth[:, 20:], atol=1e-3)
    assert np.ptp(cloth[:, 7]) == pytest.approx(0, abs=1e-6)
    assert cloth.min() == 0 and cloth.max() == 1
    assert cloth.mean() == pytest.approx(0.5, abs=0.05)


def test_checks_mix_where_stripes_cross():
    values = painted(Pattern.CHECKED, period=0.8)[..., 0]
    for value in (0, 0.5, 1):
        assert (np.abs(values - value) < 0.01).mean() > 0.1


def test_dots_cover_the_area_of_circles():
    share = painted(Pattern.DOTTED, period=0.4)[..., 0].mean()
    assert share == pytest.approx(np.pi * 0.24**2, abs=0.03)


def test_a_pattern_finer_than_a_pixel_blurs_out():
    fabric = Fabric((BLACK, WHITE), Pattern.STRIPED, period=0.3, weave=0, creases=0)
    far = fabric.painted(grid(40, 2.0), 2.0, np.random.default_rng(0))  # 0.6 px a stripe
    assert np.ptp(far) < 0.7


@pytest.mark.parametrize("pattern", list(Pattern))
def test_the_same_random_state_gives_the_same_cloth(pattern):
    fabric = Fabric((WHITE, RED, BLACK), pattern)
    first, second = (fabric.painted(grid(), 50.0, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (100, 100, 3)


def test_fabrics_differ_and_keep_their_colours_in_range():
    rng = np.random.default_rng(1)
    fabrics = [any_fabric(rng) for _ in range(60)]
    assert {fabric.pattern for fabric in fabrics} == set(Pattern)
    colours = np.array([fabric.colours for fabric in fabrics])
    assert colours.min() >= 0 and colours.max() <= 1


def test_colours_are_blue_green_red():
    assert colour_of(0.0, 1.0, 1.0) == pytest.approx((0, 0, 1))
    assert colour_of(2 / 3, 1.0, 0.5) == pytest.approx((0.5, 0, 0), abs=1e-3)
