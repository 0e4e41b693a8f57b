"""Grammalecte reads every text of ours, and finds nothing but what french_accepted.tsv names with its reason.

    cargo build --example own_texts && python3 -m unittest discover -v tests/e2e -p test_french.py
"""

import json
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from demo import ROOT

ACCEPTED = Path(__file__).with_name("french_accepted.tsv")
PROGRAM = ROOT / "target" / "debug" / "examples" / "own_texts"

# What is no French: addresses, of the web and of mail, whole lines to type, the padding behind a preheader.
ADDRESS = re.compile(r"\S*(?:://|@|www\.)\S*|\S+\.toml\b")
COMMAND = re.compile(r"^(?:sudo |systemctl |kiosque )")
PADDING = re.compile("[\u034f\u200c\u00ad]+")


def accepted():
    rows = (line.split("\t") for line in ACCEPTED.read_text().splitlines() if not line.startswith("#"))
    return [(re.compile(rule), re.compile(words), reason) for rule, words, reason in rows]


def grammalecte(lines):
    """What is wrong in each line: its number from 0, the rule (`word` for spelling), the words, what is said of them."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        done = subprocess.run(["grammalecte-cli", "-f", file.name, "-j"], capture_output=True, timeout=120, check=True)
    for paragraph in json.loads(done.stdout)["data"]:
        number = paragraph["iParagraph"] - 1
        for error in paragraph["lGrammarErrors"]:
            words = lines[number][error["nStart"] : error["nEnd"]]
            yield number, error["sRuleId"], words, error["sMessage"]
        for error in paragraph["lSpellingErrors"]:
            yield number, "word", error["sValue"], "unknown word"


@unittest.skipUnless(shutil.which("grammalecte-cli"), "Grammalecte is missing")
class OwnTexts(unittest.TestCase):
    def test_a_mistake_is_seen(self):
        found = {rule for _, rule, _, _ in grammalecte(["Les député examine la loi.", "Un motinconu."])}
        self.assertIn("word", found)
        self.assertGreater(len(found), 1)

    def test_every_text_of_ours_is_right(self):
        texts = subprocess.run([PROGRAM], capture_output=True, check=True, cwd=ROOT).stdout.decode().splitlines()
        self.assertGreater(len(texts), 300)
        lines = [ADDRESS.sub("X", PADDING.sub("", line)) for line in texts if not COMMAND.match(line)]
        rules = accepted()
        left = [
            f"{rule}: {words!r} in {lines[number]!r}: {said}"
            for number, rule, words, said in grammalecte(lines)
            if not any(r.fullmatch(rule) and w.fullmatch(words) for r, w, _ in rules)
        ]
        self.assertEqual(left, [], "\n" + "\n".join(left))


if __name__ == "__main__":
    unittest.main()
