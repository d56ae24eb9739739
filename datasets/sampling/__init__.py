"""Frames worth labelling, out of footage or a live camera: one file a way of choosing."""
