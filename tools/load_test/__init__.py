"""Readers who ask a running server at the same time, by locust."""
