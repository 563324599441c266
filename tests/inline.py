"""`add`, `rebuild` and `verify` as `index` has them, but parsing in this process: for tests of other things than isolation."""

from functools import partial

import index
from corpus import InlineParsers

PARSERS = InlineParsers()

add = partial(index.add, parsers=PARSERS)
rebuild = partial(index.rebuild, parsers=PARSERS)
verify = partial(index.verify, parsers=PARSERS)
