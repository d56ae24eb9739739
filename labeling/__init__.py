"""Labeling: the loop between cameras, labelers and data sets."""
