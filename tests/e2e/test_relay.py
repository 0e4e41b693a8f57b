"""A relay as operators have one: a digest goes through a real Postfix, whose refusals are kept on the rows."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from datetime import datetime, timedelta, timezone
from email import message_from_bytes
from email.policy import default as default_policy
from pathlib import Path

from demo import PROGRAM, wait_for
from postfix import Postfix

CONFIG = """
public_url = "https://lettres.epreuve.example"
[database]
url = "sqlite:kiosque.db"
[http]
listen = "127.0.0.1:0"
[publisher]
name = "Le Journal"
law = ["TG"]
legal_form = "SARL-U"
address = "12, rue des Cocotiers, Lomé"
phone = "+228 00 00 00 00"
director = "A. Exemple"
haac_receipt = "0000/HAAC/00-0000/Pl/P"
email = "redaction@epreuve.example"
privacy_contact = "donnees@epreuve.example"
[[relay]]
url = "smtp://127.0.0.1:{port}"
[[category]]
name = "Économie"
[[newsletter]]
slug = "matinale"
title = "La Matinale"
from = "La Matinale <matinale@lettres.epreuve.example>"
bounce_to = "retours@lettres.epreuve.example"
schedule = "0 7 1 1 *"
timezone = "Africa/Lome"
"""

ARTICLE = {
    "id": "1",
    "url": "https://www.epreuve.example/economie/le-port",
    "title": "Au port, « la file » raccourcit : 1 200 camions de moins",
    "html": "<p>Le port a tenu parole.</p>" + "<p>" + "Une ligne très longue, sans fin. " * 40 + "</p>",
    "categories": ["Économie"],
    "author": "Afi Mensah",
}


@unittest.skipUnless(shutil.which("postfix") and os.geteuid() == 0, "Postfix is missing, or this is not root")
class Relay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postfix = Postfix()
        cls.addClassCleanup(cls.postfix.stop)
        cls.holder = tempfile.TemporaryDirectory(prefix="kiosque-relay-")
        cls.addClassCleanup(cls.holder.cleanup)
        cls.folder = Path(cls.holder.name)
        (cls.folder / "config.toml").write_text(CONFIG.format(port=cls.postfix.port))
        with (cls.folder / "log.txt").open("wb") as log:
            cls.daemon = subprocess.Popen([PROGRAM, "serve"], cwd=cls.folder, stdout=log, stderr=log)
        cls.addClassCleanup(cls.end)

    @classmethod
    def end(cls):
        cls.daemon.terminate()
        if cls.daemon.wait(20) != 0:
            raise AssertionError((cls.folder / "log.txt").read_text())

    def run_verb(self, *words):
        done = subprocess.run([PROGRAM, *words], cwd=self.folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_a_digest_arrives_whole_and_refusals_are_kept(self):
        wait_for("the daemon", lambda: "listening" in (self.folder / "log.txt").read_text(), 20)
        published = (datetime.now(timezone.utc) - timedelta(hours=1)).isoformat()
        line = json.dumps({**ARTICLE, "published_at": published})
        (self.folder / "articles.jsonl").write_text(line + "\n")
        self.run_verb("import", "articles.jsonl")
        readers = ["Afi Mensah <afi@lecteurs.example>", "inconnu@lecteurs.example", "plus-tard@lecteurs.example"]
        for reader in readers:
            self.run_verb("subscriber", "add", reader, "--newsletter", "matinale", "--consent", "épreuve")
        self.run_verb("edition", "run", "matinale", "--yes")

        def settled():
            rows = json.loads(self.run_verb("delivery", "list", "--json"))
            answered = [row for row in rows if row["reply_code"] is not None]
            return answered if len(answered) == 3 else None

        rows = {row["address"].split("@")[0]: row for row in wait_for("three answers", settled, 30)}
        self.assertEqual((rows["afi"]["state"], rows["afi"]["reply_code"]), ("sent", 250))
        self.assertEqual((rows["inconnu"]["state"], rows["inconnu"]["reply_code"]), ("failed", 550))
        self.assertEqual((rows["plus-tard"]["state"], rows["plus-tard"]["reply_code"]), ("pending", 451))

        arrived = wait_for("the message", self.postfix.received, 20)
        self.assertEqual(len(arrived), 1)
        message = message_from_bytes(arrived[0], policy=default_policy)
        self.assertEqual(message["To"].addresses[0].addr_spec, "afi@lecteurs.example")
        self.assertRegex(message["Return-Path"], r"^<retours\+\S+@lettres\.epreuve\.example>$")
        self.assertEqual(message["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click")
        self.assertRegex(message["List-Unsubscribe"], r"^<https://lettres\.epreuve\.example/u/\S+>$")
        # As French is printed: no-break spaces inside « », before the colon, in the number.
        self.assertEqual(message["Subject"], "Au port, «\u00a0la file\u00a0» raccourcit\u00a0: 1\u00a0200 camions de moins")
        for kind in ("plain", "html"):
            self.assertIn("raccourcit", message.get_body((kind,)).get_content())
        self.assertTrue(all(len(line) <= 998 for line in arrived[0].split(b"\n")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
