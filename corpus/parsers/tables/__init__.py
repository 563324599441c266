"""Tables, whatever the format: grids with merged cells, and the rows that name the columns."""
