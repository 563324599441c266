"""The format and the levels of the log."""

import logging
from logging import Handler, StreamHandler
from typing import Literal

from pythonjsonlogger.json import JsonFormatter

from ui.telemetry.request_log import QUESTION_LOG, REQUEST_LOG


def set_up_logging(log: Literal["plain", "json"]) -> None:
    """Set up the log on standard error.

    "json" writes one object a line: requests, questions, and the warnings and errors of all libraries. "plain" leaves logging as
    Python sets it up: warnings and errors are shown in plain words, requests are not.
    """
    if log == "plain":
        return
    handler: Handler = StreamHandler()
    handler.setFormatter(
        JsonFormatter("levelname,name,message", style=",", rename_fields={"levelname": "level", "name": "logger"}, timestamp="time")
    )
    ours = (REQUEST_LOG, QUESTION_LOG)
    # A library's logger may have a level of its own: that of bm25s reports everything it does.
    handler.addFilter(lambda record: record.levelno >= logging.WARNING or record.name in ours)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ours:
        logging.getLogger(name).setLevel(logging.INFO)
    logging.captureWarnings(True)
