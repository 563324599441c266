"""What people use: the pages in the browser, the HTTP API and the terminal. A question enters; what a person sees leaves.

This room never ranks, scores or rewrites: every answer comes from `Assistant.ask`.
"""
