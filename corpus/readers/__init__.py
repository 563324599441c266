"""One reader per format: bytes of a file in, a `Draft` out. No reader fetches, executes or writes anything."""
