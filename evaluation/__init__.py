"""Evaluation: metrics, protocols, benchmark targets, reports and speed."""
