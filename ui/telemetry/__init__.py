"""What the operator learns about the running server: metrics, logs, and whether it can answer."""
