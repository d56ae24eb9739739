"""The report: one HTML file for the people of the store, and everything that is drawn in it."""
