"""A running `kiosque demo`, as the end-to-end tests see it: over HTTP, and nothing else."""

import json
import os
import re
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default as default_policy
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, unquote, urljoin

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("KIOSQUE_PROGRAM", str(ROOT / "target" / "debug" / "kiosque"))

STARTS_WITHIN = 60  # seconds; promised to who types `make demo`
STOPS_WITHIN = 15


@dataclass
class Answer:
    """What an HTTP request gave: redirects are not followed."""

    status: int
    headers: dict
    body: bytes

    @property
    def text(self):
        return self.body.decode("utf-8")


class Links(HTMLParser):
    """The `<a>`, `<link>` and `<form>` elements of a page, as dictionaries of their attributes."""

    def __init__(self, page):
        super().__init__()
        self.anchors, self.links, self.forms, self.fields = [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        kept = {"a": self.anchors, "link": self.links, "form": self.forms, "input": self.fields, "select": self.fields}
        if tag in kept:
            kept[tag].append(dict(attrs))


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)


def ask(url, method="GET", headers=None, body=None):
    """One HTTP request."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with OPENER.open(request, timeout=10) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


def wait_for(what, condition, seconds):
    """Calls `condition` until it gives something true, and gives that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


class Demo:
    """`kiosque demo` in a process of its own, in an empty folder."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="kiosque-demo-")
        self.log = Path(self.folder.name, "output.txt")
        self.started = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "demo"], cwd=self.folder.name, env={**os.environ, "TMPDIR": self.folder.name}, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            self.base = wait_for("the addresses", self._base, STARTS_WITHIN)
            wait_for("the feed index", lambda: ask(self.base + "/flux/").status == 200, STARTS_WITHIN)
        except BaseException:
            self.stop()
            raise

    def output(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def _base(self):
        if self.process.poll() is not None:
            raise AssertionError(f"kiosque demo ended with {self.process.returncode}:\n{self.output()}")
        found = re.search(r"http://(?:127\.0\.0\.1|localhost|\[::1\]):\d+", self.output())
        return found and found.group()

    def get(self, path, **headers):
        return ask(urljoin(self.base + "/", path), headers=headers)

    def feeds(self):
        """The feeds that the index announces: (title, address, media type)."""
        page = Links(self.get("/flux/").text)
        return [
            (link.get("title", ""), urljoin(self.base + "/flux/", link["href"]), link["type"])
            for link in page.links
            if "alternate" in link.get("rel", "").split() and link.get("type", "").startswith("application/")
        ]

    def outbox(self, recipient="", digests=True):
        """The ids of the mails to `recipient` that lie in the outbox, the newest first: digests, or all mail."""
        page = Links(self.get("/outbox").text)
        found = [unquote(link["href"].rsplit("/", 1)[1]) for link in page.anchors if "/outbox/" in link.get("href", "")]
        mails = [(name, self.mail(name)["headers"]) for name in found]
        return [name for name, mail in mails if recipient in mail["To"] and (mail["List-Id"] or not digests)]

    def mail(self, name):
        """A mail of the outbox, read by Python's own parser: {"headers", "text", "html"}."""
        mail = message_from_bytes(self.get(f"/outbox/{quote(name)}/source").body, policy=default_policy)
        parts = {kind: mail.get_body((kind,)) for kind in ("plain", "html")}
        return {"headers": mail, "text": parts["plain"].get_content(), "html": parts["html"].get_content()}

    def stop(self):
        """Ctrl-C; gives the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode


def picture(pages, out):
    """Opens `pages` (name, address) in Chromium and gives what screens.mjs saw."""
    out.mkdir(parents=True, exist_ok=True)
    job = {
        "chromium": os.environ["KIOSQUE_CHROMIUM"],
        "out": str(out),
        "pages": [{"name": name, "url": url} for name, url in pages],
    }
    done = subprocess.run(
        ["node", str(ROOT / "tests" / "e2e" / "screens.mjs")],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        timeout=180,
        env={**os.environ, "NODE_PATH": str(ROOT / "target" / "tools" / "node" / "node_modules")},
    )
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]
