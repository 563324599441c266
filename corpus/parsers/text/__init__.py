"""Plain text and Markdown. The entry points are `parse_plain` and `parse_markdown`."""
