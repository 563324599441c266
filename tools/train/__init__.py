"""Trains the cross-encoder and fits its calibration: `python -m tools.train`. `assistant/model/MODEL.md` has the results."""
