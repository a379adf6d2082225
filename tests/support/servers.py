"""Real servers with an index of wheels, on loopback: nginx, devpi, pypiserver, and Python's own."""

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.cli import ROOT
from tests.support.indexes import JSON_PAGE, page_row, project_of

CLIENTS = ROOT / ".cache" / "clients" / "bin"  # what `make clients` installs
_PATIENCE = 90.0  # seconds until a server must answer

Server = Callable[[Path, Iterable[Path]], "Generator[str]"]


def free_port() -> int:
    """Return a port of loopback that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def nginx(folder: Path, wheels: Iterable[Path]) -> Generator[str]:
    """Serve pages of PEP 691 and files with ranges; *folder* is for what the server writes."""
    wheels = list(wheels)
    pages: dict[str, list[dict[str, object]]] = {}
    for path in wheels:
        pages.setdefault(project_of(path), []).append(page_row(path))
    for project, rows in pages.items():
        page = folder / "simple" / project / "index.json"
        page.parent.mkdir(parents=True)
        page.write_text(json.dumps({"meta": {"api-version": "1.1"}, "name": project, "files": rows}))
    _link(wheels, folder / "files")
    port = free_port()
    user = "user root;" if os.getuid() == 0 else ""  # its workers would be nobody, who may not read here
    (folder / "nginx.conf").write_text(_NGINX.format(user=user, folder=folder, port=port, kind=JSON_PAGE))
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    with running(command, folder, f"http://127.0.0.1:{port}/"):
        yield f"http://127.0.0.1:{port}/simple/"


_NGINX = """
{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
events {{ }}
http {{
    access_log {folder}/access.log; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port}; root {folder};
        location /simple/ {{ index index.json; types {{ }} default_type {kind}; }}
    }}
}}
"""


@contextmanager
def http_server(folder: Path, wheels: Iterable[Path]) -> Generator[str]:
    """Serve directory listings by ``python -m http.server``: no JSON, no hashes, no ranges."""
    for path in wheels:
        _link([path], folder / project_of(path))
    port = free_port()
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(folder), str(port)]
    with running(command, folder, f"http://127.0.0.1:{port}/"):
        yield f"http://127.0.0.1:{port}/"


@contextmanager
def pypiserver(folder: Path, wheels: Iterable[Path]) -> Generator[str]:
    """Serve HTML pages with hashes by pypiserver."""
    _link(wheels, folder / "packages")
    port = free_port()
    where = ["-i", "127.0.0.1", "-p", str(port)]
    command = [str(CLIENTS / "pypi-server"), "run", *where, "--disable-fallback", str(folder / "packages")]
    with running(command, folder, f"http://127.0.0.1:{port}/simple/"):
        yield f"http://127.0.0.1:{port}/simple/"


@contextmanager
def devpi(folder: Path, wheels: Iterable[Path]) -> Generator[str]:
    """Serve an index of devpi, to which *wheels* were uploaded by twine."""
    data, port = folder / "server", free_port()
    subprocess.run([CLIENTS / "devpi-init", "--serverdir", data, "--no-root-pypi"], check=True, capture_output=True)
    command = [str(CLIENTS / "devpi-server"), "--serverdir", str(data), "--host", "127.0.0.1", "--port", str(port)]
    root = f"http://127.0.0.1:{port}"
    with running([*command, "--offline-mode"], folder, f"{root}/+api"):
        login = _send("POST", f"{root}/+login", {"user": "root", "password": ""})
        token = base64.b64encode(f"root:{login['result']['password']}".encode()).decode()  # type: ignore[index]
        _send("PUT", f"{root}/root/test", {"type": "stage", "bases": []}, {"X-Devpi-Auth": token})
        twine = [
            sys.executable,
            "-m",
            "twine",
            "upload",
            "--repository-url",
            f"{root}/root/test/",
            "-u",
            "root",
            "-p",
            "",
        ]
        environment = {
            **os.environ,
            "TWINE_NON_INTERACTIVE": "1",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }
        subprocess.run([*twine, *map(str, wheels)], env=environment, check=True, capture_output=True)
        yield f"{root}/root/test/+simple/"


def _send(method: str, url: str, body: object, headers: dict[str, str] | None = None) -> dict[str, object]:
    sent = {"Content-Type": "application/json", "Accept": "application/json", **(headers or {})}
    request = urllib.request.Request(url, json.dumps(body).encode(), sent, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        answer: dict[str, object] = json.load(response)
    return answer


def _link(wheels: Iterable[Path], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in wheels:
        try:
            (folder / path.name).hardlink_to(path)
        except OSError:  # another disk
            shutil.copy(path, folder / path.name)


@contextmanager
def running(
    command: list[str], folder: Path, url: str, environment: Mapping[str, str] | None = None
) -> Generator[None]:
    """Run a server until the end of the block, once it answers at *url*."""
    with (
        (folder / "server.log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log, env=environment) as process,
    ):
        try:
            _wait(process, url, folder / "server.log")
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    """Return once *url* is answered, whatever the answer; raise ``RuntimeError`` with the server's words otherwise."""
    last = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < last:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError as error:
            error.close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{process.args!r} does not answer: {log.read_text()[-500:]}")


SERVERS = {"nginx": nginx, "http.server": http_server, "pypiserver": pypiserver, "devpi": devpi}


def lacking(name: str) -> str | None:
    """Return the need of a server that is not there."""
    programs = {
        "nginx": shutil.which("nginx"),
        "pypiserver": CLIENTS / "pypi-server",
        "devpi": CLIENTS / "devpi-server",
    }
    program = programs.get(name, sys.executable)
    if program is not None and Path(program).exists():
        return None
    return "nginx" if name == "nginx" else "clients"
