"""A real browser in a test's hand: it opens pages, fills in forms, presses buttons, and looks."""

import json
import os
import subprocess

from demo import ROOT


class Browser:
    """Headless Chromium, told what to do by browser.mjs. Use it in a `with`."""

    def __init__(self, pictures):
        pictures.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "NODE_PATH": str(ROOT / "target" / "tools" / "node" / "node_modules")}
        script = ROOT / "tests" / "e2e" / "browser.mjs"
        self.process = subprocess.Popen(
            ["node", script, os.environ["KIOSQUE_CHROMIUM"], pictures],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()

    def tell(self, what, **more):
        """One command of browser.mjs; gives its answer."""
        self.process.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise AssertionError(f"the browser ended at {what} {more}")
        answer = json.loads(answer)
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer
