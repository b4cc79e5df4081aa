"""Chromium, driven through chromedriver by the W3C WebDriver protocol. Nothing but the standard library.

    with Browser() as browser:
        browser.open(path)
        browser.run("return document.title")

Both programs listen on the loopback alone, and end when the block ends, whatever happens in it.
"""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

ENTER, ESCAPE, LEFT, UP, RIGHT, DOWN = "\ue007", "\ue00c", "\ue012", "\ue013", "\ue014", "\ue015"
WAIT = 60  # seconds for one command


class Browser:
    def __enter__(self):
        self.browser_id = None
        self.folder = tempfile.mkdtemp(prefix="tarn-browser-")
        self.log = open(Path(self.folder, "chromedriver.log"), "w+")
        self.driver = subprocess.Popen(
            ["timeout", "300", "chromedriver", "--port=0"], stdout=self.log,
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, "HOME": self.folder, "TMPDIR": self.folder})
        try:
            self.base = f"http://127.0.0.1:{self.wait_for_port()}"
            self.base += "/session/" + self.begin_session()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        try:
            self.call("DELETE", "")
        except OSError:
            pass  # it is ended all the same
        self.end()

    def end(self):
        for sign in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.driver.pid, sign)
                self.driver.wait(10)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        try:  # where chromedriver did not end it
            if self.folder.encode() in Path(f"/proc/{self.browser_id}/cmdline").read_bytes():
                os.kill(self.browser_id, signal.SIGKILL)
        except OSError:
            pass
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def wait_for_port(self):
        until = time.monotonic() + WAIT
        while time.monotonic() < until:
            text = Path(self.log.name).read_text()
            started = re.search(r"started successfully on port (\d+)", text)
            if started:
                return int(started.group(1))
            if self.driver.poll() is not None:
                raise RuntimeError("chromedriver does not start:\n" + text)
            time.sleep(0.05)
        raise RuntimeError("chromedriver does not start in time")

    def begin_session(self):
        arguments = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage",
                     "--no-first-run", "--disable-background-networking", "--window-size=1280,900",
                     "--force-device-scale-factor=1", "--lang=en", f"--user-data-dir={self.folder}/profile"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        answer = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})
        self.browser_id = answer["capabilities"].get("goog:processID")
        return answer["sessionId"]

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, method=method,
                                         headers={"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=WAIT) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"]) from None

    def open(self, path):
        self.call("POST", "/url", {"url": Path(path).resolve().as_uri()})

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def wait_for(self, script, wanted):
        """What the script gives, as soon as that is `wanted`, or after some seconds."""
        until = time.monotonic() + 20
        while (found := self.run(script)) != wanted and time.monotonic() < until:
            time.sleep(0.05)
        return found

    def devtools(self, command, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def press(self, *keys):
        """Keys, one after the other, to what has the focus."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def click(self, x, y):
        self.call("POST", "/actions", {"actions": [{
            "type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [
                {"type": "pointerMove", "duration": 0, "x": round(x), "y": round(y)},
                {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]}]})

    def resize(self, width, height):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=1, mobile=False)

    def prefer(self, scheme):
        self.devtools("Emulation.setEmulatedMedia",
                      features=[{"name": "prefers-color-scheme", "value": scheme},
                                {"name": "prefers-reduced-motion", "value": "reduce"}])

    def screenshot(self, path):
        Path(path).write_bytes(base64.b64decode(self.call("GET", "/screenshot")))

    def console(self):
        return self.call("POST", "/se/log", {"type": "browser"})

    def requests(self):
        """The addresses that were asked for since the last call."""
        events = [json.loads(entry["message"])["message"]
                  for entry in self.call("POST", "/se/log", {"type": "performance"})]
        return [event["params"]["request"]["url"] for event in events
                if event["method"] == "Network.requestWillBeSent"]
