"""HTML. `html.py` is the way in."""
