"""Parses files that were broken at random: `python -m tools.fuzz`."""
