"""The `quipu` command. `commands.py` has its commands, or names the file that has them."""
