"""Lightning data modules, one a task; the only part of `datasets` that imports torch."""
