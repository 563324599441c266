"""Readers who ask at the same time, by locust."""
