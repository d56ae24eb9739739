"""Curating with FiftyOne: what is odd, hard, doubtful or doubled in a data set, seen and tagged."""
