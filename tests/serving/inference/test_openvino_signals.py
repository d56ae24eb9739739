"""A signal after a backend was dropped in another thread: once a segmentation fault."""

import subprocess
import sys

SCRIPT = """
import gc, signal, sys, threading
from serving.core.bundle import Bundle
from serving.inference.openvino import OpenVinoBackend

held = [OpenVinoBackend(Bundle.load(sys.argv[1]))]

def drop():
    held.clear()
    gc.collect()

thread = threading.Thread(target=drop)
thread.start()
thread.join()
signal.signal(signal.SIGTERM, lambda *_: print("handled"))
signal.raise_signal(signal.SIGTERM)
"""


def test_a_signal_is_handled_after_a_backend_was_dropped_in_another_thread(repository, zoo_bundle):
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(zoo_bundle)],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (0, "handled\n"), result.stderr
