"""Data sets: manifests, formats, the catalogue, sampling and transforms."""
