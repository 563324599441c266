"""What the OpenAPI document says of the API is true: schemathesis sends what fits it and what doesn't, and compares the answers.

`QUIPU_SCHEMA_CASES=300 .venv/bin/pytest tests/test_schema.py` sends that many of both to each operation, some 3,300 in all; with
`--log-cli-level=INFO` it says with which statuses they were answered.
"""

import logging
import os
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import BaseSchema, Case, CheckFunction, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from assistant import Assistant, Feedback, SentenceRanker
from index import Encoder, Home
from tests.inline import add
from tests.made import REPORT, write
from ui.server import bind, create_app
from ui.settings import ServerSettings

_log = logging.getLogger(__name__)

CASES = int(os.environ.get("QUIPU_SCHEMA_CASES", "12"))

NOT_ONLY_BY_SHAPE: dict[str, Sequence[CheckFunction]] = {
    "POST /api/feedback": [positive_data_acceptance],  # there has to be such an answer
    "POST /api/documents": [positive_data_acceptance],  # the name's ending has to be one that Quipu reads
    "PUT /api/documents/{document}/groups": [positive_data_acceptance],  # a group's name has to be printable
}


@pytest.fixture(scope="module")
def api(encoder: Encoder, ranker: SentenceRanker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BaseSchema]:
    """The document of a server that takes any number of requests."""
    folder: Path = tmp_path_factory.mktemp("schema")
    home = Home(folder / "home")
    add(home, [write(folder / "forests.txt", REPORT)], encoder)
    chosen = ServerSettings.load(home=home.path, port=0, rate="1000000/second")
    listener = bind(chosen)
    app = create_app(Assistant(home, encoder, ranker), Feedback(home), chosen)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    yield schemathesis.openapi.from_url(f"{address}/api/openapi.json", wait_for_schema=20)
    server.should_exit = True
    thread.join()


def known(api: BaseSchema) -> dict[str, dict[str, Any]]:
    """What is there to be named, by the operation: cases that are made from the document alone hardly ever hit it."""
    address = api.get_base_url().rstrip("/")
    (document,) = requests.get(f"{address}/api/documents", timeout=60).json()
    answer = requests.post(f"{address}/api/ask", json={"question": "Who seized trucks?"}, timeout=60).json()
    return {
        "POST /api/ask": {
            "body": {"question": "Who seized trucks?", "history": ["What was counted?"], "documents": [document["id"]]}
        },
        "POST /api/feedback": {"body": {"feedback": answer["feedback"], "helpful": False, "comment": "no"}},
        "GET /api/passages/{place}": {"path_parameters": {"place": f"{document['id']}:5-50"}},
        "POST /api/documents": {"query": {"name": "new.txt"}},
        "PUT /api/documents/{document}/groups": {"path_parameters": {"document": document["id"]}},
        "DELETE /api/documents/{document}": {"path_parameters": {"document": document["id"]}},
    }


def statuses(cases: SearchStrategy[Case[Any]], excluded: Sequence[CheckFunction]) -> Counter[int]:
    """Sends cases, and fails at the first answer that isn't as the document says. How many were answered with which status."""
    found, session = Counter[int](), requests.Session()

    @settings(max_examples=CASES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=cases)
    def send(case: Case[Any]) -> None:
        found[case.call_and_validate(session=session, excluded_checks=list(excluded)).status_code] += 1

    send()
    return found


@pytest.mark.parametrize("mode", GenerationMode)
def test_the_api_does_what_its_document_says(api: BaseSchema, mode: GenerationMode, subtests: pytest.Subtests) -> None:
    """What fits the document, and what doesn't: none is answered by a 5xx, or in a way that isn't in the document."""
    things = known(api)
    for operation in (result.ok() for result in api.get_all_operations() if isinstance(result, Ok)):
        cases = operation.as_strategy(generation_mode=mode)
        if mode is GenerationMode.POSITIVE and operation.label in things:
            cases |= operation.as_strategy(**things[operation.label])
        with subtests.test(operation.label):
            try:
                found = statuses(cases, NOT_ONLY_BY_SHAPE.get(operation.label, ()))
            except Unsatisfiable:
                assert mode is GenerationMode.NEGATIVE  # where nothing is sent, nothing can be wrong
            else:
                _log.info("%s %s %s", mode.value, operation.label, dict(found))
                assert min(found) < 300 or mode is GenerationMode.NEGATIVE
