"""Plain text and Markdown. `plain.py` and `markdown.py` are the ways in."""
