"""Lightning callbacks that the tasks share."""
