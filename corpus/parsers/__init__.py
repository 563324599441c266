"""Parsers, one per file format: each takes a file's bytes and returns a `Draft`. No parser fetches, executes or writes anything.

`corpus.formats.FORMATS` maps each format to its parser's module, which is imported only when a file of that format is parsed.
"""
