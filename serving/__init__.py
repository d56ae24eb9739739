"""The serving half: everything that runs at a store. It never imports the training half."""
