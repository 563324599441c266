"""What developers run from a checkout and nobody installs: benchmarks, fuzzing, load, a demonstration, and the making of the model.

Each has a command: `python -m tools.bench`, `tools.fuzz`, `tools.demo`, `tools.train`; `tools/load` is run by locust.
"""
