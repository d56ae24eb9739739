"""Running bundles: one protocol, its backends, and the detector on top."""
