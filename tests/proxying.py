"""The example for nginx, run on this machine with a certificate of its own."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

EXAMPLE = Path(__file__).parent.parent / "deploy" / "nginx.conf"
REQUIRED = os.environ.get("QUIPU_TEST_NGINX") == "required"
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")

needs_nginx = pytest.mark.skipif(NGINX is None and not REQUIRED, reason="there is no nginx (Debian: apt-get install nginx-light)")

_MAIN = """
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events {{}}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
{example}
}}
"""


class Proxy:
    """An nginx at `https://localhost:...`, yet to be started. `certificate` is what to trust."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._plain, self._tls = (socket.create_server(("127.0.0.1", 0)) for _ in range(2))
        self.origin = f"https://localhost:{_port(self._tls)}"
        self.address = f"{self.origin}/quipu"
        self.plain = f"http://localhost:{_port(self._plain)}"
        self.certificate = folder / "certificate.pem"
        _certify(self.certificate, folder / "key.pem")

    @contextmanager
    def running(self, upstream: int, sign_on: int | None = None) -> Iterator[None]:
        """Runs the example before the server at port `upstream`; with its single sign-on at port `sign_on`, if there is one.

        The sockets are given to nginx as it gives them to itself when it is updated: no port is taken by another meanwhile, and who
        connects before it has started waits.
        """
        assert NGINX is not None, "QUIPU_TEST_NGINX=required, and there is no nginx"
        (self._folder / "nginx.conf").write_text(_MAIN.format(example=self._example(upstream, sign_on)))
        sockets = (self._plain.fileno(), self._tls.fileno())
        process = subprocess.Popen(
            [NGINX, "-p", str(self._folder), "-c", "nginx.conf", "-e", "stderr"],
            env={"NGINX": "".join(f"{number};" for number in sockets)},
            pass_fds=sockets,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)
            self._plain.close()
            self._tls.close()

    def _example(self, upstream: int, sign_on: int | None) -> str:
        """The example with this machine's names and ports in place of its own."""
        example = EXAMPLE.read_text()
        changes = {
            "listen 80;": f"listen 127.0.0.1:{_port(self._plain)};",
            "listen 443 ssl;": f"listen 127.0.0.1:{_port(self._tls)} ssl;",
            "quipu.example": "localhost",
            "/etc/ssl/quipu/fullchain.pem": str(self.certificate),
            "/etc/ssl/quipu/privkey.pem": str(self._folder / "key.pem"),
            "http://127.0.0.1:7860": f"http://127.0.0.1:{upstream}",
        }
        if sign_on is not None:
            changes |= {"#sso ": "", "http://127.0.0.1:4180": f"http://127.0.0.1:{sign_on}"}
        for old, new in changes.items():
            assert old in example
            example = example.replace(old, new)
        return example


def prefix() -> str:
    """The path under which the example has Quipu, without a slash at its end."""
    (found,) = set(re.findall(r"location (/\w+)/ \{", EXAMPLE.read_text())) - {"/oauth2"}
    return str(found)


def _port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def _certify(certificate: Path, key: Path) -> None:
    """Write a certificate for "localhost" that its own key signed, and that key."""
    private, name, now = ec.generate_private_key(ec.SECP256R1()), x509.Name([]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
