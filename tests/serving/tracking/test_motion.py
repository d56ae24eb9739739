import numpy as np
import pytest

from serving.tracking.motion import BoxMotion, MotionNoise

QUIET = MotionNoise(acceleration=0.0, speed=0.7, position=0.1, size_drift=0.0, size=0.1)


def one_track(noise=QUIET, xy=(100.0, 200.0), size=(40.0, 100.0)):
    motion = BoxMotion(noise)
    motion.add(np.array([xy]), np.array([size]))
    return motion


def state(motion):
    return np.concatenate([getattr(motion, name).ravel() for name in motion.__slots__[1:]])


def test_a_new_track_stands_still_where_it_was_seen():
    motion = one_track()
    motion.predict(3.0)
    assert motion.xy_px.tolist() == [[100, 200]]
    assert motion.boxes_px().tolist() == [[80, 150, 120, 250]]


def test_the_first_correction_weighs_prediction_and_sighting_by_their_variances():
    # In heights of 100 px: prior variance 0.1² + (0.7 · 1 s)² = 0.50, measured 0.1² = 0.01.
    motion = one_track()
    motion.predict(1.0)
    assert motion.position_var[0] == pytest.approx(0.50 * 100**2)
    motion.correct(np.array([0]), np.array([[151.0, 200.0]]), np.array([[40.0, 100.0]]))
    assert motion.xy_px[0] == pytest.approx([100 + 51 * 0.50 / 0.51, 200])
    # The covariance of position and velocity is 0.7² · 1 s = 0.49.
    assert motion.velocity_px_s[0] == pytest.approx([51 * 0.49 / 0.51, 0])
    assert motion.position_var[0] == pytest.approx(0.50 * 0.01 / 0.51 * 100**2)
    assert motion.velocity_var[0] == pytest.approx((0.49 - 0.49**2 / 0.51) * 100**2)


def test_the_filter_equals_the_textbook_kalman_filter():
    noise = MotionNoise(acceleration=0.3, speed=0.8, position=0.07, size_drift=0.0, size=0.1)
    motion = one_track(noise)
    x, p = np.array([100.0, 0.0]), np.diag([7.0**2, 80.0**2])
    rng = np.random.default_rng(3)
    for elapsed_s in (0.04, 0.1, 0.5, 0.14, 1.3, 0.04):
        step = np.array([[1, elapsed_s], [0, 1]])
        q = np.array([[elapsed_s**3 / 3, elapsed_s**2 / 2], [elapsed_s**2 / 2, elapsed_s]])
        x, p = step @ x, step @ p @ step.T + (0.3 * 100) ** 2 * q
        motion.predict(elapsed_s)
        seen = 100 + rng.normal(0, 20)
        gain = p[:, 0] / (p[0, 0] + 7.0**2)
        x, p = x + gain * (seen - x[0]), p - np.outer(gain, p[0])
        motion.correct(np.array([0]), np.array([[seen, 200.0]]), np.array([[40.0, 100.0]]))
        assert motion.xy_px[0, 0] == pytest.approx(x[0])
        assert motion.velocity_px_s[0, 0] == pytest.approx(x[1])
        assert motion.position_var[0] == pytest.approx(p[0, 0])
        assert motion.position_velocity_cov[0] == pytest.approx(p[0, 1])
        assert motion.velocity_var[0] == pytest.approx(p[1, 1])


def test_one_long_step_predicts_what_many_short_ones_do():
    long, short = one_track(MotionNoise()), one_track(MotionNoise())
    for motion in (long, short):
        motion.predict(0.2)
        motion.correct(np.array([0]), np.array([[110.0, 203.0]]), np.array([[42.0, 101.0]]))
    long.predict(1.0)
    for elapsed_s in (0.04, 0.31, 0.15, 0.5):
        short.predict(elapsed_s)
    np.testing.assert_allclose(state(long), state(short))


@pytest.mark.parametrize("rate_hz", [25, 10, 7, 2])
def test_the_velocity_of_a_walker_is_learnt_at_any_frame_rate(rate_hz):
    motion = one_track(MotionNoise())
    for frame in range(1, 4 * rate_hz + 1):
        motion.predict(1 / rate_hz)
        at_s = frame / rate_hz
        xy = np.array([[100 + 60 * at_s, 200 - 20 * at_s]])
        motion.correct(np.array([0]), xy, np.array([[40.0, 100.0]]))
    assert motion.velocity_px_s[0] == pytest.approx([60, -20], abs=3)


def test_people_near_and_far_are_filtered_alike():
    near, far = one_track(), one_track(xy=(10.0, 20.0), size=(4.0, 10.0))
    for motion, scale in ((near, 1.0), (far, 0.1)):
        motion.predict(0.5)
        seen = np.array([[130.0, 190.0]]) * scale
        motion.correct(np.array([0]), seen, np.array([[44.0, 110.0]]) * scale)
    np.testing.assert_allclose(far.xy_px, near.xy_px / 10)
    np.testing.assert_allclose(far.velocity_px_s, near.velocity_px_s / 10)
    np.testing.assert_allclose(far.size_px, near.size_px / 10)


def test_only_the_tracks_that_were_seen_are_corrected():
    motion = one_track()
    motion.add(np.array([[300.0, 300.0]]), np.array([[40.0, 100.0]]))
    motion.predict(0.5)
    motion.correct(np.array([1]), np.array([[310.0, 300.0]]), np.array([[40.0, 100.0]]))
    assert motion.xy_px[0].tolist() == [100, 200]
    assert motion.xy_px[1, 0] > 300


def test_forgotten_tracks_leave_the_others_in_their_order():
    motion = one_track()
    motion.add(np.array([[300.0, 300.0], [500.0, 300.0]]), np.full((2, 2), 50.0))
    motion.keep(np.array([True, False, True]))
    assert motion.xy_px[:, 0].tolist() == [100, 500]
    assert len(motion) == 2
