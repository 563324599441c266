"""Trains the reader and fits its calibration: `python -m tools.train`. Nothing of it is needed to ask."""
