"""E-mail. `eml.py` is the way in."""
