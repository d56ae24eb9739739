"""How alike tracks and detections are: overlap of boxes, distance on the floor, appearance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from serving.core.boxes import Boxes, area_px2, intersection_px2

Floats = NDArray[np.float64]


def buffered_iou(tracks_px: Boxes, detections_px: Boxes, margin_px: Floats) -> Floats:
    """(T, D) IoU after widening both boxes of a pair by the track's margin on every side.

    Small boxes that moved by more than their width still overlap, at low frame rates above all
    (Yang et al., Hard to Track Objects with Irregular Motions and Similar Appearances? Make It
    Easier by Buffering the Matching Space, WACV 2023). Boxes are (T, 4) and (D, 4) xyxy,
    `margin_px` is (T,).
    """
    both = 2 * margin_px[:, None]
    track_width = tracks_px[:, 2] - tracks_px[:, 0]
    track_height = tracks_px[:, 3] - tracks_px[:, 1]
    left, top, right, bottom = detections_px.T
    width = np.minimum(tracks_px[:, 2:3], right) - np.maximum(tracks_px[:, 0:1], left) + both
    height = np.minimum(tracks_px[:, 3:], bottom) - np.maximum(tracks_px[:, 1:2], top) + both
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    track_area = (track_width[:, None] + both) * (track_height[:, None] + both)
    union = track_area + (right - left + both) * (bottom - top + both) - shared
    return np.asarray(shared / np.maximum(union, 1e-9))


def height_ratio(tracks_px: Floats, detections_px: Floats) -> Floats:
    """(T, D) the lower box's height over the higher one's: people of one camera differ in depth."""
    track_height = (tracks_px[:, 3] - tracks_px[:, 1])[:, None]
    height = detections_px[:, 3] - detections_px[:, 1]
    lower = np.minimum(track_height, height)
    return np.asarray(lower / np.maximum(np.maximum(track_height, height), 1e-9))


def hidden_share(tracks_px: Floats) -> Floats:
    """(T,) the largest share of each box that one other box in front of it covers.

    Of two people the one whose feet are lower in the picture stands in front.
    """
    in_front = tracks_px[None, :, 3] > tracks_px[:, None, 3]
    covered = np.where(in_front, intersection_px2(tracks_px, tracks_px), 0.0)
    return np.asarray(covered.max(axis=1, initial=0.0) / np.maximum(area_px2(tracks_px), 1e-9))


def floor_distance_m(tracks_m: Floats, detections_m: Floats) -> Floats:
    """(T, D) metres between floor positions (T, 2) and (D, 2)."""
    gap_m = tracks_m[:, None, :] - detections_m[None, :, :]
    return np.asarray(np.hypot(gap_m[..., 0], gap_m[..., 1]))


def cosine(tracks: Floats, detections: Floats) -> Floats:
    """(T, D) cosine similarity of L2-normalised embeddings (T, E) and (D, E)."""
    return np.asarray(tracks @ detections.T)
