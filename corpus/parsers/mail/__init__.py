"""E-mail. The entry point is `parse_eml`; `attachments` returns the files attached to a message."""
