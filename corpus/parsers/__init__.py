"""One parser per format: the bytes of a file enter, a `Draft` leaves. No parser fetches, executes or writes anything.

`corpus.formats.FORMATS` says which module parses what; each is imported when a file of its format is read, and no sooner.
"""
