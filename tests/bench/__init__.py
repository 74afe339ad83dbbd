"""Side-by-side measurements: every module here but this one has ``run()``."""
