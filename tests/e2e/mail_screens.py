"""Mails as mail programs might show them: narrow and wide, by day and by night, without images, without styles.

    scripts/mail-screens        # pictures of all of them, in target/mail-screens
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "target" / "tools" / "node" / "node_modules"


def look(mails, out=None, axe=False):
    """Shows the mails (name and HTML); gives for each way of showing one what a reader would stumble over. With a folder, pictures."""
    job = {
        "chromium": os.environ["KIOSQUE_CHROMIUM"],
        "pictures": str(ROOT / "samples" / "images"),
        "out": str(out) if out else None,
        "axe": axe,
        "mails": [{"name": name, "html": html} for name, html in mails],
    }
    done = subprocess.run(
        ["node", ROOT / "tests" / "e2e" / "mail_screens.mjs"],
        input=json.dumps(job), capture_output=True, text=True, timeout=900, check=False,
        env={**os.environ, "NODE_PATH": str(MODULES)},
    )
    if done.returncode:
        raise AssertionError(done.stderr[-3000:])
    return [json.loads(line) for line in done.stdout.splitlines()]


def main():
    folder, only = Path(sys.argv[1]), (sys.argv[2:] or [""])[0]
    mails = [(path.stem, path.read_text()) for path in sorted(folder.glob("*.html")) if path.stem.startswith(only)]
    seen = look(mails, folder, axe=True)
    for picture in seen:
        for what in picture["wrong"]:
            print(f"{picture['file']}: {what}")
    print(f"{len(seen)} pictures in {folder}")
    sys.exit(1 if any(picture["wrong"] for picture in seen) else 0)


if __name__ == "__main__":
    main()
