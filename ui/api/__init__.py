"""The HTTP API and the MCP server: answers, documents and passages as JSON."""
