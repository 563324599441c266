"""Trains the reader and fits its calibration: `python -m assistant.reader.training`. Nothing of it is needed to ask."""
