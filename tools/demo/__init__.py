"""An intranet page with Quipu's widget, to look at and to copy from: `python -m tools.demo`, or `make demo`."""
