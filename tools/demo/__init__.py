"""An intranet with Quipu's widget, to look at and to learn from: `python -m tools.demo`."""
