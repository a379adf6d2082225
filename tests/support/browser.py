"""A real Chromium, driven over WebDriver by its own driver: what a page looks like, and what it complains about."""

import base64
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)


def driver() -> str | None:
    """Return the path of chromedriver, None where there is none."""
    return shutil.which("chromedriver") if shutil.which("chromium") else None


class Browser:
    """A session with one window."""

    def __init__(self, address: str) -> None:
        self._address = address
        capabilities = {
            "goog:chromeOptions": {"args": FLAGS, "binary": shutil.which("chromium")},
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        answer = self._send("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
        assert isinstance(answer, dict)
        self._session = f"/session/{answer['sessionId']}"

    def _send(self, method: str, path: str, body: object = None) -> object:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._address}{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            value: object = json.load(answer)["value"]
            return value

    def command(self, name: str, **parameters: object) -> object:
        """Return the answer of a command of the DevTools protocol."""
        return self._send("POST", f"{self._session}/goog/cdp/execute", {"cmd": name, "params": parameters})

    def open(self, address: str, *, width: int = 1280, height: int = 900, scheme: str = "light") -> None:
        """Go to *address* in a window of that size; *scheme* is what the system prefers: light or dark."""
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self._send("POST", f"{self._session}/url", {"url": address})

    def run(self, script: str) -> object:
        """Return what *script* returns."""
        return self._send("POST", f"{self._session}/execute/sync", {"script": script, "args": []})

    def press(self, *keys: str) -> None:
        """Press *keys* one after the other, as WebDriver names them."""
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        actions = [{"type": "key", "id": "keyboard", "actions": strokes}]
        self._send("POST", f"{self._session}/actions", {"actions": actions})

    def complaints(self) -> list[str]:
        """Return what the console holds."""
        rows = self._send("POST", f"{self._session}/se/log", {"type": "browser"})
        assert isinstance(rows, list)
        return [str(row["message"]) for row in rows]

    def screenshot(self, path: Path) -> None:
        """Write what is to be seen to *path*."""
        picture = self._send("GET", f"{self._session}/screenshot")
        assert isinstance(picture, str)
        path.write_bytes(base64.b64decode(picture))

    def close(self) -> None:
        """End the session, and Chromium with it."""
        self._send("DELETE", self._session)


@contextmanager
def browser() -> Iterator[Browser]:
    """Yield a browser that ends with the test; its driver listens on loopback, at a port that the system gives."""
    program = driver()
    assert program is not None
    with subprocess.Popen([program, "--port=0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            session = Browser(f"http://127.0.0.1:{_port(process)}")
            yield session
            session.close()
        finally:
            process.terminate()


def _port(process: "subprocess.Popen[str]") -> str:
    """Return the port that chromedriver says it listens on."""
    assert process.stdout is not None
    deadline = time.monotonic() + 30
    for line in process.stdout:
        if "on port " in line and "successfully" in line:
            return line.rpartition("on port ")[2].strip().rstrip(".")
        if time.monotonic() > deadline:
            break
    raise AssertionError("chromedriver did not start")
