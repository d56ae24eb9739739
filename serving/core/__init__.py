"""Kernel: the types and rules that every part shares. Standard library, NumPy and OpenCV only."""
