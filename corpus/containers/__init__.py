"""Files that hold others: what is in a zip or an e-mail, and what a zip has to pass before anything is taken out of it."""
