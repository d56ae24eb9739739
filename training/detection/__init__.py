"""Person detection: the network, its weights, its losses and its Lightning module."""
