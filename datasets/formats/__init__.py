"""File formats of labels and results: parse and write, nothing else."""
