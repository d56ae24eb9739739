"""From a trained network to a bundle: graph, parity gate, metadata and card."""

from training.export.bundle import BundleDescription, describe, export_bundle

__all__ = ["BundleDescription", "describe", "export_bundle"]
