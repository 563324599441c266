"""EPUB. The entry point is `parse_epub`."""
