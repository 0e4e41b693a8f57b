"""A newsroom of its own for a test: a folder with a configuration and a SQLite file, and a real `kiosque serve`."""

import json
import re
import signal
import socket
import subprocess
import tempfile
from email.utils import parsedate_to_datetime
from pathlib import Path

from demo import PROGRAM, Links, ask, wait_for

STARTS_WITHIN = 60  # seconds
STOPS_WITHIN = 15
TOKEN = "un-jeton-pour-les-essais-0123456789"

CONFIGURATION = """\
public_url = "{public_url}"
[database]
url = "sqlite:kiosque.db"
[http]
listen = "127.0.0.1:{port}"
[publisher]
name = "L'Éveil & Cie"
law = ["TG"]
legal_form = "SARL-U"
address = "12, rue des Cocotiers, Lomé"
phone = "+228 90 00 00 00"
director = "A. Kossi"
haac_receipt = "0001/HAAC/01-2020/Pl/P"
email = "redaction@exemple.tg"
privacy_contact = "donnees@exemple.tg"
[api]
tokens = ["{token}"]
[[relay]]
url = "maildir:outbox"
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Newsroom:
    """`public_url` may be anybody's, `base` when left out; the program listens there. `rubrics` and `more` are lines of the
    configuration."""

    def __init__(self, rubrics, public_url="", more=""):
        self.folder = tempfile.TemporaryDirectory(prefix="kiosque-newsroom-")
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.public_url, self.rubrics, self.more = public_url or self.base, rubrics, more
        self.process = None

    def path(self, name):
        return Path(self.folder.name, name)

    def run(self, *words, status=0):
        """A verb of the program; gives what it printed."""
        self.configure()
        done = subprocess.run([PROGRAM, *words], cwd=self.folder.name, capture_output=True, text=True, timeout=120)
        if status is not None and done.returncode != status:
            raise AssertionError(f"kiosque {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def configure(self):
        text = CONFIGURATION.format(public_url=self.public_url, port=self.port, token=TOKEN)
        # Tables of one key such as [feeds] come before the lists of tables.
        self.path("config.toml").write_text(f"{text}{self.more}\n{self.rubrics}", encoding="utf-8")

    def import_lines(self, lines, *options, status=0):
        """Imports JSON Lines; gives the program's summary."""
        self.path("articles.jsonl").write_text(lines, encoding="utf-8")
        return json.loads(self.run("import", "articles.jsonl", "--json", *options, status=status))

    def articles(self):
        """Every stored article, as `article show --json` has it."""
        listed = json.loads(self.run("article", "list", "--json", "--number", "1000"))
        return [self.article(found["id"]) for found in listed]

    def article(self, number):
        return json.loads(self.run("article", "show", str(number), "--json"))

    def start(self):
        """`kiosque serve`, ready when it answers."""
        self.configure()
        with self.path("serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "serve"], cwd=self.folder.name, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        wait_for("kiosque serve", self._is_ready, STARTS_WITHIN)

    def _is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"kiosque serve ended with {self.process.returncode}:\n{self.log()}")
        try:
            return ask(f"{self.base}/flux/").status == 200
        except OSError:
            return False

    def log(self):
        return self.path("serve.log").read_text(encoding="utf-8", errors="replace")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def close(self):
        self.stop()
        self.folder.cleanup()

    def get(self, path):
        return ask(self.base + path)

    def post(self, article, source="site"):
        """Hands one article, or several, in by the API."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        answer = ask(f"{self.base}/api/articles?source={source}", "POST", headers, json.dumps(article).encode())
        if answer.status not in (200, 201):
            raise AssertionError(f"{answer.status}: {answer.text}")
        return json.loads(answer.body)

    def is_settled(self, path):
        """Whether the last change of what is at `path` lies back by a second: until then its date is not the last word."""
        answer = self.get(path)
        changed, told = (parsedate_to_datetime(answer.headers[name]) for name in ("Last-Modified", "Date"))
        return changed < told

    def feeds(self):
        """The paths of every feed that the index announces, with their media types."""
        page = Links(self.get("/flux/").text)
        return [
            (re.sub(r"^https?://[^/]+", "", link["href"]), link["type"])
            for link in page.links
            if "alternate" in link.get("rel", "").split() and link.get("type", "").startswith("application/")
        ]
