"""Exit codes of a command that neither did its work nor failed at it, as a shell gives them."""

from __future__ import annotations

INTERRUPTED_EXIT_CODE = 130
"""Ctrl-C, or a SIGTERM, ended it."""

BROKEN_PIPE_EXIT_CODE = 141
"""Who read the output, such as `head`, has seen enough."""
