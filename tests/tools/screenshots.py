#!/usr/bin/env python3
"""Pictures of mails and pages, to be looked at.

    cargo run --example samples -- target/samples
    tests/tools/screenshots.py target/samples [NAME…]

Takes every *.html of the folder at 320, 375 and 800 px side by side, by day and by night, and mails also with images
off and with every <style> removed, into the folder's png/. Needs Chromium.
"""

import html
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

WIDTHS = (320, 375, 800)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--allow-file-access-from-files", "--virtual-time-budget=3000"]
SHEET = """<!doctype html><meta charset=utf-8><style>body{{margin:0;background:#888;display:flex;gap:10px;
align-items:flex-start}}iframe{{border:0;flex:none;background:{ground}}}</style>{frames}<script>
onload=()=>{{let most=0;for(const f of document.querySelectorAll('iframe')){{const d=f.contentDocument.documentElement;
const over=d.scrollWidth>f.clientWidth?' OVERFLOW '+f.width+':'+d.scrollWidth:'';f.height=d.scrollHeight;
most=Math.max(most,d.scrollHeight);document.title+=over}}document.title='height '+most+document.title}}</script>"""


def chromium(program, page, scheme, *more):
    with tempfile.TemporaryDirectory() as profile:
        flags = FLAGS + [f"--user-data-dir={profile}", f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}"
                         + (",imagesEnabled=false" if "images-off" in page.name else "")]
        return subprocess.run([program, *flags, *more, page.as_uri()], capture_output=True, text=True, timeout=120).stdout


def main():
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        sys.exit("no Chromium: apt-get install chromium")
    folder, names = Path(sys.argv[1]).resolve(), sys.argv[2:]
    out = folder / "png"
    out.mkdir(exist_ok=True)
    for source in sorted(folder.glob("*.html")):
        if source.name.startswith("_") or (names and source.stem not in names):
            continue
        text = source.read_text()
        kinds = [("", text)]
        if "<!--[if mso" in text:
            kinds += [("images-off", text), ("no-style", re.sub(r"<style.*?</style>", "", text, flags=re.S))]
        for kind, page in kinds:
            for scheme in ("light", "dark") if not kind else ("light",):
                frames = "".join(f'<iframe width={w} height=100 srcdoc="{html.escape(page)}"></iframe>' for w in WIDTHS)
                label = "-".join(filter(None, (source.stem, kind, scheme)))
                sheet = folder / f"_{label}.html"
                sheet.write_text(SHEET.format(frames=frames, ground="#fff" if scheme == "light" else "#121212"))
                title = re.search(r"<title>height (\d+)(.*?)</title>", chromium(program, sheet, scheme, "--dump-dom"))
                height, overflow = (title[1], title[2]) if title else ("3000", " no height")
                chromium(program, sheet, scheme, f"--screenshot={out / label}.png",
                         f"--window-size={sum(WIDTHS) + 20},{height}")
                sheet.unlink()
                print(out / f"{label}.png", f"{height} px", overflow)


if __name__ == "__main__":
    main()
