"""HTML. The entry point is `parse_html`."""
