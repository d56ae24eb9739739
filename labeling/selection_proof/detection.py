"""The proof for the detector; see below."""
