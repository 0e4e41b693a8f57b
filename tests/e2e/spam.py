"""What SpamAssassin thinks of a mail, by its local tests alone: it asks no network."""

import re
import subprocess
import tempfile

GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n"

# A relay's line, as every mail that arrives has one.
RECEIVED = b"Received: by mx.lecteurs.example (Postfix) with ESMTPS id 4F7A21C03D;\r\n\t"


def judge(message):
    """The score, and the rules that hit with their points."""
    date = next(line for line in message.split(b"\r\n") if line.startswith(b"Date: "))[6:]
    with tempfile.TemporaryDirectory(prefix="kiosque-spam-") as home:
        done = subprocess.run(
            ["spamassassin", "--local", "--test-mode", "--prefspath", f"{home}/prefs"],
            input=RECEIVED + date + b"\r\n" + message,
            capture_output=True,
            timeout=120,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": home},
        )
    report = done.stdout.decode("utf-8", "replace")
    status = re.search(r"^X-Spam-Status: \w+, score=(-?[\d.]+)", report, re.M)
    if not status:
        raise AssertionError(f"SpamAssassin gave no score:\n{done.stderr.decode()}{report[:3000]}")
    details = report[report.rfind("Content analysis details") :]
    return float(status[1]), {rule: float(points) for points, rule in re.findall(r"^ *(-?[\d.]+) ([A-Z][A-Z0-9_]+) ", details, re.M)}
