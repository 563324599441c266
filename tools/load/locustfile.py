"""Readers who ask at the same time, each with a token of their own.

locust is installed apart, since it changes how Python does its input and output:

    python3 -m venv locust && locust/bin/pip install locust
    head -c 48 /dev/urandom | base64 > token.key; export QUIPU_TOKEN_KEY=$PWD/token.key
    QUIPU_SIGN_IN=token quipu serve

    locust/bin/locust -f tests/load/locustfile.py --headless -H http://127.0.0.1:7860 -u 50 -r 50 -t 60s Reader
    locust/bin/locust -f tests/load/locustfile.py --headless -H http://127.0.0.1:7860 -u 13 -r 13 -t 60s Impatient Calm Watcher

The first has 50 readers who think for 2 to 8 seconds before each question. The second has 10 who hardly wait, and so come over
the limit within half a minute; beside them somebody asks calmly, and two watch the server's health.
"""

# mypy: disable-error-code="attr-defined,misc,untyped-decorator,import-not-found,import-untyped"
# since locust isn't there when types are checked

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
STATUSES = {"answered", "partly", "not_in_documents", "no_question"}
NUMBERS = itertools.count(1)


def part(value: object) -> str:
    """A part of a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def token(name: str) -> str:
    """A token that is good for half an hour (JWT, HS256)."""
    now = int(time.time())
    signed = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'sub': name, 'aud': 'quipu', 'iat': now, 'exp': now + 1800})}"
    digest = hmac.new(KEY, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


class Reader(FastHttpUser):
    """Asks the questions about the shipped report, in an order of their own."""

    wait_time = between(2, 8)

    def on_start(self) -> None:
        """Sign in, and think of the first question."""
        number = next(NUMBERS)
        self.random = random.Random(number)
        time.sleep(self.wait_time())
        self.headers = {"Authorization": f"Bearer {token(f'{type(self).__name__} {number}')}"}

    @task
    def ask(self) -> None:
        """Ask a question, and see what becomes of it."""
        asked = self.random.choice(QUESTIONS)
        body = {"question": asked["question"], "history": asked.get("history", [])}
        with self.client.post(
            "/api/ask", json=body, headers=self.headers, name=f"ask ({type(self).__name__})", catch_response=True
        ) as response:
            self.judge(response)

    def judge(self, response: object) -> None:
        """Fail unless there is an answer; "not in the documents" is one."""
        if response.status_code != 200 or response.json()["status"] not in STATUSES:
            response.failure(f"{response.status_code}: {response.text}")


class Impatient(Reader):
    """Hardly waits. Over the limit there has to be a clear 429, which counts as a good answer here."""

    fixed_count = 10
    wait_time = constant(0.1)

    def judge(self, response: object) -> None:
        """Fail unless there is an answer, or it is said how long to wait."""
        if response.status_code == 429:
            said = response.json()
            if int(response.headers["Retry-After"]) < 1 or said["status"] != 429 or "Too many questions" not in said["detail"]:
                response.failure(f"429: {response.text}")
            else:
                response.success()
                response.request_meta["name"] = "refused (429)"
        else:
            super().judge(response)


class Calm(Reader):
    """Asks among those who don't wait."""

    fixed_count = 1


class Watcher(FastHttpUser):
    """Asks twice a second whether the server is up."""

    fixed_count = 2
    wait_time = constant(1)

    @task
    def health(self) -> None:
        """Look."""
        self.client.get("/healthz")
