"""Kernel: the types and rules that every part shares. Standard library, NumPy and OpenCV only."""

try:
    import cv2  # noqa: F401
except ImportError as error:  # here once, for whatever command was started
    raise SystemExit(
        f"error: OpenCV cannot be loaded ({error}). Install the system packages libgl1 and "
        "libglib2.0-0, or the build that needs neither: pip install -c constraints.txt "
        "--force-reinstall --no-deps opencv-python-headless"
    ) from error
