"""What the parsers of tables share: merged cells, and which rows name the columns."""
