"""Small videos, encoded on the spot."""

from fractions import Fraction

import av
import numpy as np
import pytest


@pytest.fixture
def encode(tmp_path):
    """Encode a video whose frame i is grey of level 6·i, its upper half white if it is `turned`
    by so many degrees counterclockwise for display, shown at `pts` of `tick_s` seconds; gives its
    path.
    """

    def make(
        name="film.avi", num_frames=12, fps=5, pts=None, options=None, codec="libx264",
        size_hw=(48, 64), turned=None, tick_s=Fraction(1, 1000),
    ):  # fmt: skip
        path = tmp_path / name
        with av.open(str(path), "w", options=options or {}) as container:
            stream = container.add_stream(codec, rate=fps)
            (stream.height, stream.width), stream.pix_fmt = size_hw, "yuv420p"
            if turned is not None:
                stream.set_display_rotation(turned)
            if pts is not None:
                stream.time_base = stream.codec_context.time_base = tick_s
            for index in range(num_frames):
                image = np.full((*size_hw, 3), 6 * index, np.uint8)
                if turned is not None:
                    image[: size_hw[0] // 2] = 255
                picture = av.VideoFrame.from_ndarray(image, format="bgr24")
                if pts is not None:
                    picture.pts, picture.time_base = pts[index], tick_s
                container.mux(stream.encode(picture))
            container.mux(stream.encode(None))
        return path

    return make
