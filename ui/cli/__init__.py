"""The `quipu` command. `commands.py` has its subcommands, or imports them from their own files."""
