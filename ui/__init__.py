"""What people use: the browser page, the HTTP API and the terminal. A person's question enters; what they see leaves.

This room never ranks, scores or rewrites: every answer comes from `Assistant.ask`.
"""
