"""Our signatures, verified by other people's programs after a real Postfix has carried the mails."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest
from datetime import datetime, timedelta, timezone
from email import message_from_bytes
from email.policy import default as default_policy
from pathlib import Path
from urllib.parse import urlencode, urljoin

from demo import PROGRAM, ROOT, Links, ask, wait_for
from postfix import Postfix
from test_relay import ARTICLE, CONFIG

try:
    import dkim
    import nacl.signing  # noqa: F401  dkimpy verifies Ed25519 with it
except ImportError:
    dkim = None

DOMAIN = "epreuve.example"  # above the newsletter's own: relaxed alignment
NODE_MODULES = ROOT / "target" / "tools" / "node" / "node_modules"


@unittest.skipUnless(shutil.which("postfix") and os.geteuid() == 0, "Postfix is missing, or this is not root")
@unittest.skipUnless(dkim, "dkimpy is missing")
@unittest.skipUnless((NODE_MODULES / "mailauth").exists(), "mailauth is missing")
class Signatures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postfix = Postfix()
        cls.addClassCleanup(cls.postfix.stop)
        cls.holder = tempfile.TemporaryDirectory(prefix="kiosque-dkim-")
        cls.addClassCleanup(cls.holder.cleanup)
        cls.folder = Path(cls.holder.name)
        cls.records, tables = {}, ""
        for selector, more in (("r2026", []), ("e2026", ["--ed25519"])):
            out = cls.keygen(selector, *more)
            # As an operator does: the zone file's strings put together, the lines pasted.
            name, strings = re.search(r"^  (\S+)\. IN TXT \( (.*?) \)$", out, re.M | re.S).groups()
            cls.records[name] = "".join(re.findall(r'"([^"]*)"', strings))
            tables += "\n".join(re.search(r"^  (\[\[dkim\]\])\n  (.*)\n  (.*)\n  (.*)$", out, re.M).groups()) + "\n"
        (cls.folder / "config.toml").write_text(CONFIG.format(port=cls.postfix.port) + tables)
        with (cls.folder / "log.txt").open("wb") as log:
            cls.daemon = subprocess.Popen([PROGRAM, "serve"], cwd=cls.folder, stdout=log, stderr=log)
        cls.addClassCleanup(cls.end)
        wait_for("the daemon", lambda: "listening" in cls.log(), 20)
        cls.send_all()

    @classmethod
    def end(cls):
        cls.daemon.terminate()
        if cls.daemon.wait(20) != 0:
            raise AssertionError(cls.log())

    @classmethod
    def log(cls):
        return (cls.folder / "log.txt").read_text()

    @classmethod
    def keygen(cls, selector, *more):
        words = ["dkim", "keygen", "--domain", DOMAIN, "--selector", selector, "--out", f"{selector}.pem", *more]
        return cls.run_verb(*words)

    @classmethod
    def run_verb(cls, *words):
        done = subprocess.run([PROGRAM, *words], cwd=cls.folder, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise AssertionError(f"{words}: {done.stdout}{done.stderr}")
        return done.stdout

    @classmethod
    def send_all(cls):
        """A digest to three readers, a test of it to an editor, a confirmation to who fills in the form."""
        published = (datetime.now(timezone.utc) - timedelta(hours=1)).isoformat()
        lines = [
            {**ARTICLE, "id": str(number), "url": f"{ARTICLE['url']}-{number}", "published_at": published}
            for number in range(3)
        ]
        (cls.folder / "articles.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        cls.run_verb("import", "articles.jsonl")
        for reader in ["Afi Mensah <afi@lecteurs.example>", "Kossi Ébé, « le Vieux » <kossi@lecteurs.example>", "nu@lecteurs.example"]:
            cls.run_verb("subscriber", "add", reader, "--newsletter", "matinale", "--consent", "épreuve")
        cls.run_verb("edition", "test", "matinale", "--to", "redaction@lecteurs.example")
        cls.run_verb("edition", "run", "matinale", "--yes")
        base = "http://" + re.search(r"127\.0\.0\.1:\d+", cls.log())[0]
        page = Links(ask(f"{base}/lettres").text)
        form = page.forms[0]
        shown = next(field["value"] for field in page.fields if field.get("name") == "form")
        time.sleep(2.1)  # faster than that nobody fills in a form
        body = urlencode({"address": "nouveau@lecteurs.example", "newsletter": "matinale", "form": shown}).encode()
        assert ask(urljoin(base + "/lettres", form["action"]), "POST", body=body).status == 200
        cls.arrived = wait_for(
            "five mails", lambda: len(cls.postfix.received()) >= 5 and cls.postfix.received(), 40
        )
        cls.digest = next(mail for mail in cls.arrived if b"\nList-Unsubscribe:" in mail)

    @staticmethod
    def by_dkimpy(message, records):
        """(selector, whether it holds) of each signature."""
        def look_up(name, timeout=5):
            text = records.get(name.decode().rstrip("."))
            return text and text.encode()

        told = []
        for number in range(len(re.findall(rb"^DKIM-Signature:", message, re.M | re.I))):
            verifier = dkim.DKIM(message)
            try:
                held = verifier.verify(idx=number, dnsfunc=look_up)
            except dkim.DKIMException:  # it raises for some faults and returns False for others
                held = False
            told.append((verifier.signature_fields[b"s"].decode(), held))
        return sorted(told)

    @staticmethod
    def by_mailauth(message, records):
        done = subprocess.run(
            ["node", str(ROOT / "tests" / "e2e" / "dkim_verify.mjs"), json.dumps(records)],
            input=re.sub(rb"\r?\n", b"\r\n", message),
            capture_output=True,
            timeout=60,
            env={**os.environ, "NODE_PATH": str(NODE_MODULES)},
        )
        if done.returncode != 0:
            raise AssertionError(done.stderr.decode())
        told = json.loads(done.stdout)
        for one in told:
            assert one["domain"] == DOMAIN, told
        return sorted((one["selector"], one["result"] == "pass") for one in told)

    def test_rsa_and_ed25519_hold_after_a_real_postfix_by_two_verifiers(self):
        both = [("e2026", True), ("r2026", True)]
        for message in self.arrived:
            parsed = message_from_bytes(message, policy=default_policy)
            with self.subTest(to=parsed["To"]):
                self.assertIsNotNone(parsed["Received"], "it went through Postfix")
                self.assertEqual(parsed.get_content_type(), "multipart/alternative")
                confirmation = "nouveau@" in parsed["To"]
                self.assertEqual(parsed["List-Unsubscribe"] is None, confirmation)
                self.assertRegex(parsed["Subject"], "inscription" if confirmation else "raccourcit")
                self.assertEqual(self.by_dkimpy(message, self.records), both)
                self.assertEqual(self.by_mailauth(message, self.records), both)

    def test_the_fields_that_gmail_and_rfc_8058_want_are_signed_and_from_is_sealed(self):
        message = message_from_bytes(self.digest, policy=default_policy)
        for signature in message.get_all("DKIM-Signature"):
            tags = dict(part.strip().split("=", 1) for part in str(signature).split(";"))
            names = re.sub(r"\s", "", tags["h"]).split(":")
            self.assertEqual(names.count("from"), 2)
            for name in ["list-unsubscribe", "list-unsubscribe-post", "list-id", "message-id", "date", "subject", "to"]:
                self.assertIn(name, names)
            self.assertNotIn("l", tags)
            self.assertEqual(tags["c"], "relaxed/simple")

    def test_what_is_changed_on_the_way_does_not_hold(self):
        message, neither = self.digest, [("e2026", False), ("r2026", False)]
        for what, changed in [
            ("a word of the text", message.replace(b"raccourcit", b"rallonge", 1) if b"raccourcit" in message.split(b"\n\n", 1)[1] else None),
            ("the subject", message.replace(b"\nSubject: ", b"\nSubject: Re: ", 1)),
            ("a second From", message.replace(b"\nFrom: ", b"\nFrom: x@attaque.example\nFrom: ", 1)),
            ("another's link", message.replace(b"List-Unsubscribe: <https://", b"List-Unsubscribe: <https://x.", 1)),
        ]:
            with self.subTest(what):
                self.assertNotIn(changed, (None, message))
                self.assertEqual(self.by_dkimpy(changed, self.records), neither)
                self.assertEqual(self.by_mailauth(changed, self.records), neither)

    def test_lettres_fault_with_content_type_and_simple_headers_is_not_ours(self):
        """lettre 0.11 signs headers `simple` in a way that nobody can verify, and fails on multipart with `Content-Type`."""
        refolded = self.digest.replace(b"\nSubject: ", b"\nsubject:   ", 1).replace(b"\nMIME-Version: 1.0", b"\nMime-Version:\t1.0", 1)
        respaced = refolded.replace(b"multipart/alternative;\n boundary", b"multipart/alternative; boundary", 1)
        self.assertNotEqual(refolded, self.digest)
        self.assertNotEqual(respaced, refolded)
        both = [("e2026", True), ("r2026", True)]
        self.assertEqual(self.by_dkimpy(respaced, self.records), both)
        self.assertEqual(self.by_mailauth(respaced, self.records), both)


if __name__ == "__main__":
    unittest.main(verbosity=2)
