"""EPUB. `epub.py` is the way in."""
