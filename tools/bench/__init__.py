"""Benchmarks: how fast Quipu is beside plain sentence-transformers and FAISS, measured in the same run and in turns.

A module for each command, whose function returns a `BenchmarkResult`: `ask`, `profile`, `encode`, `add`, `search` and `serve`.
"""
