"""sqlmap and wapiti against a serving node's public pages: `scripts/soak attacks` calls it. Ends with 1 when one of them found something.

    python3 tests/e2e/attacks.py sqlmap|wapiti [SECONDS]
"""

import json
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from demo import PROGRAM, ROOT, Links, ask, wait_for

CONFIG = """
public_url = "http://127.0.0.1"
[database]
url = "sqlite:kiosque.db"
[http]
listen = "127.0.0.1:0"
[publisher]
name = "Le Journal"
law = []
email = "redaction@lecteurs.example"
[form]
per_hour = 1000000
[[relay]]
url = "maildir:outbox"
[[category]]
name = "Politique"
[[category]]
name = "Sport"
[[newsletter]]
slug = "matinale"
title = "La Matinale"
from = "La Matinale <matinale@lecteurs.example>"
bounce_to = "retours@lecteurs.example"
schedule = "0 7 * * *"
timezone = "Africa/Lome"
"""

ARTICLE = {
    "id": "a-1", "title": "Au port, la file raccourcit", "url": "https://www.lecteurs.example/port",
    "published": "2026-11-20T08:00:00Z", "html": "<p>Un essai.</p>", "categories": ["Politique"],
}

LOG = ROOT / "target" / "soak"

# What wapiti says and why it does not stand: TLS, and with it HSTS, is the proxy's in front; browsers dropped the XSS filter; the policy's
# frame-ancestors is what browsers go by (CSP 2, section 7.7.1); there is no session that a form of another site could abuse, and what is asked for
# waits for the mailbox's owner.
NO_FAULT = ("Strict-Transport-Security", "X-XSS-Protection", "X-Frame-Options", "anti CSRF token")


class Node:
    """A node with an article and a reader, in a folder of its own."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="kiosque-attacks-")
        path = Path(self.folder.name)
        (path / "config.toml").write_text(CONFIG)
        (path / "article.jsonl").write_text(json.dumps(ARTICLE))
        self.verb("migrate")
        self.verb("import", "article.jsonl")
        self.verb("subscriber", "add", "afi@lecteurs.example", "--newsletter", "matinale", "--consent", "essai")
        self.log = path / "log.txt"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([PROGRAM, "serve"], cwd=path, stdout=log, stderr=subprocess.STDOUT)
        address = wait_for("the listener", lambda: re.search(r"127\.0\.0\.1:\d+", self.said()), 30)
        self.base = f"http://{address.group()}"
        wait_for("readiness", lambda: ask(self.base + "/readyz").status == 200, 30)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.folder.cleanup()

    def verb(self, *words):
        done = subprocess.run([PROGRAM, *words], cwd=self.folder.name, capture_output=True, text=True)
        if done.returncode != 0 and words[0] != "import":
            raise AssertionError(f"{words}: {done.stdout}{done.stderr}")

    def said(self):
        return self.log.read_text(errors="replace")

    def unharmed(self):
        """It still answers, and nothing failed inside."""
        failed = [line for line in self.said().splitlines() if "a request failed" in line or "panicked" in line]
        assert not failed, failed[:5]
        assert ask(self.base + "/lettres").status == 200


def sqlmap(node, seconds):
    shown = next(f["value"] for f in Links(ask(node.base + "/lettres").text).fields if f.get("name") == "form")
    fields = f"address=ama%40lecteurs.example&first_name=Ama&newsletter=matinale&rubric=matinale%2Fpolitique&site=&form={shown}"
    asking = {"address": "ama@lecteurs.example", "first_name": "Ama", "newsletters": {"matinale": ["politique"]}, "form": shown}
    token = "A" * 38
    targets = [
        ("form", "/lettres", ["--data", fields, "-p", "address,first_name,newsletter,rubric,form"]),
        ("frame", "/lettres/cadre", ["--data", fields, "-p", "address,newsletter"]),
        ("json", "/api/lettres", ["--data", json.dumps(asking), "--headers", "Content-Type: application/json"]),
        ("forwarded", "/lettres", ["--data", fields, "--headers", "X-Forwarded-For: 192.0.2.1*"]),
        ("unsubscribe", f"/u/{token}*", []),
        ("preferences", f"/p/{token}*", []),
        ("confirmation", f"/confirmer/{token}*", ["--data", "choice=confirm&seen=1*"]),
        ("feed", "/flux/politique*.rss", []),
        ("query", "/?feed=rss2&cat=1&author=x&tag=y&p=7", []),
    ]
    found, counted = [], 0
    for name, path, options in targets:
        out = tempfile.mkdtemp(prefix="sqlmap-", dir=node.folder.name)
        command = ["sqlmap", "-u", node.base + path, "--batch", "--level", "2", "--risk", "2", "--technique", "BEUS",
                   "--threads", "4", "--timeout", "10", "--retries", "0", "--flush-session", "--disable-coloring", "--skip-waf",
                   "--ignore-code", "*", "--output-dir", out, *options]
        try:
            said = subprocess.run(command, capture_output=True, text=True, timeout=seconds / len(targets)).stdout
        except subprocess.TimeoutExpired as late:
            said = (late.stdout or b"").decode(errors="replace")
            print(f"{name}: stopped after its {seconds // len(targets)} s")
        (LOG / f"sqlmap-{name}.txt").write_text(said)
        counted += len(re.findall(r"testing '", said))
        print(f"{name}: {len(re.findall(r'testing .', said))} tests, "
              f"{len(re.findall('does not seem to be injectable', said))} parameters not injectable")
        if "injection point" in said or "is vulnerable" in said:
            found.append(name)
    assert counted > len(targets), "sqlmap did not test anything"
    assert not found, f"sqlmap found injections: {found}; see target/soak"


def wapiti(node, seconds):
    report = LOG / "wapiti.json"
    report.unlink(missing_ok=True)
    command = ["wapiti", "-u", node.base + "/", "--scope", "domain", "-m", "all", "--flush-session", "-f", "json", "-o", str(report),
               "--max-scan-time", str(seconds), "--max-attack-time", str(max(30, seconds // 12)), "--no-bugreport", "-v", "1"]
    for path in ("/lettres", "/lettres/cadre", "/flux/", "/api/lettres", "/u/" + "A" * 38, "/confirmer/" + "A" * 43):
        command += ["-s", node.base + path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 300)
    (LOG / "wapiti.txt").write_text(done.stdout + done.stderr)
    assert report.exists(), done.stdout[-2000:] + done.stderr[-2000:]
    told = json.loads(report.read_text())
    wrong = {}
    for kind, cases in {**told["vulnerabilities"], **told["anomalies"]}.items():
        for case in cases:
            if any(words in case["info"] for words in NO_FAULT):
                continue
            wrong.setdefault(kind, []).append((case["method"], case["path"], case["info"]))
    print(f"{len(told['vulnerabilities'])} kinds of faults looked for on {told['infos'].get('crawled_pages', '?')} pages")
    assert not wrong, json.dumps(wrong, indent=1, ensure_ascii=False)


def main():
    tool, seconds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 600
    LOG.mkdir(parents=True, exist_ok=True)
    with Node() as node:
        {"sqlmap": sqlmap, "wapiti": wapiti}[tool](node, seconds)
        node.unharmed()
    print(f"Counted: {tool} found nothing")


if __name__ == "__main__":
    main()
