"""What is measured: pure functions of NumPy arrays and kernel types. Training uses them too."""
