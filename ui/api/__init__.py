"""The HTTP API and the MCP server: answers and documents as JSON."""
