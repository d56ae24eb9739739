"""From a trained network to a bundle: graph, parity gate, metadata and card."""

from training.export.bundle import BundleDescription, export_bundle

__all__ = ["BundleDescription", "export_bundle"]
