// Opens pages in headless Chromium, narrow and wide, light and dark, and writes pictures of them.
//
//   node screens.mjs < job.json      {"chromium": PATH, "out": FOLDER, "pages": [{"name": …, "url": …}]}
//
// Prints one JSON line a picture: what a reader would stumble over. Modules are found through NODE_PATH.

import { createRequire } from "node:module";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { chromium } = createRequire(join(process.env.NODE_PATH, "from-here"))("playwright-core");
const job = JSON.parse(readFileSync(0, "utf8"));

const ARGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

const profile = mkdtempSync(join(tmpdir(), "kiosque-chromium-"));
const browser = await chromium.launchPersistentContext(profile, { executablePath: job.chromium, args: ARGS });
try {
  const page = await browser.newPage();
  let faults = [];
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("requestfailed", (request) => faults.push(`not loaded: ${request.url()}`));
  page.on("response", (response) => response.status() >= 400 && faults.push(`${response.status()}: ${response.url()}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    const local = ["127.0.0.1", "localhost"].includes(url.hostname);
    if (url.protocol.startsWith("http") && !local) faults.push(`asks somebody else: ${url}`);
  });
  for (const { name, url } of job.pages) {
    for (const width of [375, 800]) {
      for (const colorScheme of ["light", "dark"]) {
        faults = [];
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        await page.goto(url, { waitUntil: "networkidle" });
        const seen = await page.evaluate(() => ({
          overflow: document.documentElement.scrollWidth - window.innerWidth,
          lang: document.documentElement.lang,
          title: document.title,
          unalt: [...document.images].filter((image) => !image.hasAttribute("alt")).length,
          broken: [...document.images].filter((image) => image.complete && !image.naturalWidth).map((image) => image.src),
          background: getComputedStyle(document.body).backgroundColor,
        }));
        const file = `${name}-${width}-${colorScheme}.png`;
        await page.screenshot({ path: join(job.out, file), fullPage: true });
        console.log(JSON.stringify({ file, name, width, colorScheme, faults, ...seen }));
      }
    }
  }
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}
