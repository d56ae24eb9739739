"""From a trained network to a bundle: graph, parity gate, metadata and card."""

from training.export.bundle import BundleDescription, check_replaceable, describe, export_bundle

__all__ = ["BundleDescription", "check_replaceable", "describe", "export_bundle"]
