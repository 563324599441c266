"""Readers who ask a running server at the same time, each with a token of their own.

locust has its own environment, since it changes how Python does input and output:

    python3 -m venv locust && locust/bin/pip install -r tools/load_test/requirements.txt
    head -c 48 /dev/urandom | base64 > token.key; export QUIPU_TOKEN_KEY=$PWD/token.key
    QUIPU_SIGN_IN=token quipu serve

    cd tools/load
    ../../locust/bin/locust --headless -H http://127.0.0.1:7860 -u 50 -r 50 -t 60s Reader
    ../../locust/bin/locust --headless -H http://127.0.0.1:7860 -u 13 -r 13 -t 60s ImpatientReader CalmReader HealthCheck

The first has 50 readers who think for 2 to 8 seconds before each question. The second has 10 who hardly wait, and so exceed the
rate limit within half a minute; beside them one reader asks calmly, and two programs check the server's health.
"""

# mypy: disable-error-code="attr-defined,misc,untyped-decorator,import-not-found,import-untyped"
# locust isn't installed where types are checked

import base64
import hashlib
import hmac
import itertools
import json
import os
import random
import time
from pathlib import Path

from locust import FastHttpUser, between, constant, task

QUESTIONS = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "eval" / "questions" / "report.jsonl").read_text(encoding="utf-8").splitlines()
]
KEY = Path(os.environ["QUIPU_TOKEN_KEY"]).read_bytes().strip()
STATUSES = {"answered", "partly", "unsure", "not_in_documents", "no_question"}
NUMBERS = itertools.count(1)


def part(value: object) -> str:
    """Return a part of a token: JSON in base64."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def token(name: str) -> str:
    """Return a token for this user that is valid for half an hour (JWT, HS256)."""
    now = int(time.time())
    signed = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'sub': name, 'aud': 'quipu', 'iat': now, 'exp': now + 1800})}"
    digest = hmac.new(KEY, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


class Reader(FastHttpUser):
    """A reader who asks the questions about the report that ships, in an order of their own."""

    wait_time = between(2, 8)

    def on_start(self) -> None:
        """Make a token, and think of the first question."""
        number = next(NUMBERS)
        self.random = random.Random(number)
        time.sleep(self.wait_time())
        self.headers = {"Authorization": f"Bearer {token(f'{type(self).__name__} {number}')}"}

    @task
    def ask(self) -> None:
        """Ask a question, and judge the answer."""
        chosen = self.random.choice(QUESTIONS)
        body = {"question": chosen["question"], "history": chosen.get("history", [])}
        with self.client.post(
            "/api/ask", json=body, headers=self.headers, name=f"ask ({type(self).__name__})", catch_response=True
        ) as response:
            self.judge(response)

    def judge(self, response: object) -> None:
        """Fail unless there is an answer; "not in the documents" is one."""
        if response.status_code != 200 or response.json()["status"] not in STATUSES:
            response.failure(f"{response.status_code}: {response.text}")


class ImpatientReader(Reader):
    """A reader who hardly waits. Over the rate limit a clear 429 is expected, and counts as a good answer."""

    fixed_count = 10
    wait_time = constant(0.1)

    def judge(self, response: object) -> None:
        """Fail unless there is an answer, or a 429 that says how long to wait."""
        if response.status_code == 429:
            body = response.json()
            if int(response.headers["Retry-After"]) < 1 or body["status"] != 429 or "Too many questions" not in body["detail"]:
                response.failure(f"429: {response.text}")
            else:
                response.success()
                response.request_meta["name"] = "refused (429)"
        else:
            super().judge(response)


class CalmReader(Reader):
    """A reader who asks calmly beside those who don't wait."""

    fixed_count = 1


class HealthCheck(FastHttpUser):
    """A program that asks every second whether the server is up."""

    fixed_count = 2
    wait_time = constant(1)

    @task
    def health(self) -> None:
        """Ask for the server's health."""
        self.client.get("/healthz")
