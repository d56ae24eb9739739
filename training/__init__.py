"""Training: networks, losses, Lightning modules, and the export of bundles."""
