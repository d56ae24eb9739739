"""Tracking: whose box is whose, from frame to frame of one camera."""
