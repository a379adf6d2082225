"""A real devpi-server with our plug-in, on loopback, and the clients that people send wheels with."""

import base64
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.plugins import laid_out
from tests.support.servers import CLIENTS, free_port, running


@dataclass(frozen=True)
class Said:
    """What a client or the server answered."""

    code: int
    text: str


@dataclass
class Devpi:
    """A server and its folder; it may be started more than once."""

    folder: Path
    port: int
    token: str = ""

    @property
    def url(self) -> str:
        """The root of the server."""
        return f"http://127.0.0.1:{self.port}"

    # --- Over HTTP -------------------------------------------------------------------------------------------

    def send(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, object]]:
        """Return the status and the document that the server answers."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.token:
            headers["X-Devpi-Auth"] = self.token
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"{}")

    def upload(self, index: str, filename: str, content: bytes, **fields: str) -> Said:
        """Return the status, and the reason and the text, that a form gets, without a client of its own."""
        project, version = filename.split("-")[:2]
        form = {":action": "file_upload", "name": project, "version": version, "metadata_version": "2.1", **fields}
        body = multipart(form, filename, content)
        request = urllib.request.Request(f"{self.url}/root/{index}/", body, _form_headers(self.token), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=120) as response:
                return Said(response.status, response.reason)
        except urllib.error.HTTPError as error:
            with error:
                return Said(error.code, f"{error.reason}\n{error.read().decode()}")

    def serial(self) -> int:
        """Return how many transactions have written something."""
        _, answer = self.send("GET", "+status")
        number = answer["result"]["serial"]  # type: ignore[index]
        return int(number)

    def log_in(self) -> None:
        """Be root from now on."""
        _, answer = self.send("POST", "+login", {"user": "root", "password": ""})
        word = answer["result"]["password"]  # type: ignore[index]
        self.token = base64.b64encode(f"root:{word}".encode()).decode()

    def make(self, index: str, **settings: object) -> None:
        """Make an index, called *index*, of root."""
        status, answer = self.send("PUT", f"root/{index}", {"type": "stage", "bases": [], **settings})
        assert status == 200, answer

    def files(self, index: str, project: str, version: str = "1.0") -> dict[str, list[dict[str, object]]]:
        """Return the files that an index has of a version, each with its log."""
        status, answer = self.send("GET", f"root/{index}/{project}/{version}")
        if status == 404:
            return {}
        links = answer["result"].get("+links", [])  # type: ignore[attr-defined]
        return {link["href"].rpartition("/")[2]: link["log"] for link in links}

    def verdicts(self, index: str, project: str) -> list[dict[str, object]]:
        """Return what is kept about the files of version 1.0."""
        logs = self.files(index, project).values()
        return [row for log in logs for row in log if row["what"] == "musl-audit"]

    # --- Through clients -------------------------------------------------------------------------------------

    def twine(self, index: str, *paths: Path) -> Said:
        """Upload by twine."""
        where = ["--repository-url", f"{self.url}/root/{index}/", "-u", "root", "-p", ""]
        return _said([sys.executable, "-m", "twine", "upload", "--disable-progress-bar", *where, *map(str, paths)])

    def uv(self, index: str, *paths: Path) -> Said:
        """Upload by uv."""
        where = ["--publish-url", f"{self.url}/root/{index}/", "--username", "root", "--password", ""]
        program = CLIENTS / "uv"
        return _said([str(program), "publish", "--trusted-publishing", "never", *where, *map(str, paths)])

    def devpi(self, *words: str) -> Said:
        """Run a command of devpi's own client."""
        command, *arguments = words
        state = ["--clientdir", str(self.folder / "client")]
        return _said([str(CLIENTS / "devpi"), command, *state, *arguments])

    def devpi_log_in(self, index: str) -> None:
        """Let devpi's client use an index as root."""
        assert self.devpi("use", f"{self.url}/root/{index}").code == 0
        assert self.devpi("login", "root", "--password=").code == 0


_BOUNDARY = "between-two-fields"


def _form_headers(token: str) -> dict[str, str]:
    kind = f"multipart/form-data; boundary={_BOUNDARY}"
    return {"X-Devpi-Auth": token, "Content-Type": kind, "Accept": "*/*"}


def multipart(fields: dict[str, str], filename: str, content: bytes) -> bytes:
    """Return the body of a form with a file in its field ``content``."""
    start = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; name="
    texts = "".join(f'{start}"{name}"\r\n\r\n{value}\r\n' for name, value in fields.items())
    head = f'{start}"content"; filename="{filename}"\r\nContent-Type: application/octet-stream\r\n\r\n'
    return (texts + head).encode() + content + f"\r\n--{_BOUNDARY}--\r\n".encode()


def _said(command: list[str]) -> Said:
    quiet = {"TWINE_NON_INTERACTIVE": "1", "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "COLUMNS": "500"}
    environment = {**os.environ, **quiet, "NO_COLOR": "1", "NETRC": "/dev/null"}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    return Said(ended.returncode, ended.stdout + ended.stderr)


@contextmanager
def gated_devpi(folder: Path, *options: str, devpi: Devpi | None = None) -> Generator[Devpi]:
    """Start devpi-server with the plug-in; with *devpi*, the one that ran before, with all that it has."""
    environment = environment_of(folder)
    if devpi is None:
        init = [str(CLIENTS / "devpi-init"), "--serverdir", str(folder / "server"), "--no-root-pypi"]
        subprocess.run(init, check=True, capture_output=True, env=environment)
        devpi = Devpi(folder, free_port())
    command = [*server_command(folder), "--host", "127.0.0.1", "--port", str(devpi.port), *options]
    with running(command, folder, f"{devpi.url}/+api", environment):
        devpi.log_in()
        yield devpi


def server_command(folder: Path) -> list[str]:
    """Return the command that starts the server of *folder*."""
    # Its secret and its passwords are worth nothing: hashing them as devpi-server does takes eight seconds a start.
    cheap = ["--argon2-memory-cost", "64", "--argon2-time-cost", "1", "--argon2-parallelism", "1"]
    return [str(CLIENTS / "devpi-server"), "--serverdir", str(folder / "server"), *cheap]


def environment_of(folder: Path) -> dict[str, str]:
    """Return the environment in which devpi finds the plug-in."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(laid_out("devpi", folder / "plugin"))}
