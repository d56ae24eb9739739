"""Where results go: store, event log, MOT text, annotated video."""
