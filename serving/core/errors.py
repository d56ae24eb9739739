"""The exception tree: what a user can be told, and the exit code that says it."""

from __future__ import annotations


class FootfallError(Exception):
    """A fault that the user can act on. The message says what, where, expected and got.

    Command lines print the message alone, without a traceback, and exit with `exit_code`.
    """

    exit_code = 1


class ConfigError(FootfallError):
    """A configuration key or value that cannot be used, found before anything heavy loads."""

    exit_code = 2


class CalibrationError(ConfigError):
    """Point pairs or a homography from which no floor position can be computed."""


class SourceError(FootfallError):
    """A video or stream that cannot be opened, or that ends before it should."""


class LabelError(FootfallError):
    """Ground truth or predictions that break their format or contradict themselves."""


class DatasetError(FootfallError):
    """A data set whose files are missing, changed, or not where the manifest says."""


class BundleError(FootfallError):
    """A bundle whose files, hash, shapes or metadata do not fit together."""


class ParityError(BundleError):
    """An exported model that does not give the results of the network it came from."""


class InferenceError(FootfallError):
    """A backend that refused an input or failed while computing."""


class LabelingError(FootfallError):
    """A Label Studio that cannot be reached, refuses, or does not hold what was expected."""


class SinkError(FootfallError):
    """An output that could not be written; what was accepted before it is kept."""
