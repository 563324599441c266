"""Who may ask, from which sites, and how much."""
