// Looks at mails as a reader's mail program might show them, and takes pictures.
//
//   node mail_screens.mjs < job.json
//   {"chromium": PATH, "out": FOLDER or null, "pictures": FOLDER, "axe": true, "mails": [{"name": …, "html": …}]}
//
// Each mail is shown at 320, 375 and 800 px by day and by night: as it is, with images off (digests), and with every <style>
// removed. The pictures of its articles are taken from a folder in place of the network. One PNG holds the three widths
// side by side. Prints one JSON line a PNG: what a reader would stumble over. Modules are found through NODE_PATH.

import { createRequire } from "node:module";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const require = createRequire(join(process.env.NODE_PATH, "from-here"));
const { chromium } = require("playwright-core");
const axe = require("axe-core").source;
const job = JSON.parse(readFileSync(0, "utf8"));

const WIDTHS = [320, 375, 800];
const SHOWN = ["", "images-off", "no-style"];
const photos = readdirSync(job.pictures).filter((name) => name.endsWith(".jpg")).sort();
// What the articles of src/newsletters/sample_view.rs are about.
const SUBJECTS = { 1: "port", 2: "hemicycle", 5: "champ", 7: "lagune", 9: "stethoscope", 10: "rue", 12: "nuit", 15: "terrain" };
const picture = (number) => (SUBJECTS[number] ? `${SUBJECTS[number]}.jpg` : photos[number % photos.length]);

const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--force-color-profile=srgb", "--hide-scrollbars"];
const browser = await chromium.launch({ executablePath: job.chromium, args: ARGS });

// A mail without the styles of its head, as some programs show it.
const bare = (html) => html.replace(/<style[^]*?<\/style>/g, "").replace(/<!--[^]*?-->/g, "");

// What a reader would stumble over.
function stumbles() {
  const wrong = [];
  const over = document.documentElement.scrollWidth - window.innerWidth;
  if (over > 0) wrong.push(`wider than the screen by ${over} px`);
  if (document.documentElement.lang !== "fr") wrong.push("not said to be French");
  if (!document.title) wrong.push("no title");
  if (document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
  for (const image of document.images) if (!image.hasAttribute("alt")) wrong.push(`no words for ${image.src}`);
  for (const button of document.querySelectorAll("td[role=presentation] > a")) {
    const { height } = button.getBoundingClientRect();
    if (height < 44) wrong.push(`a button ${height} px high`);
  }
  // A thumb needs room: what stands alone on its line as a link, or at the top, in the table's first row.
  if (document.querySelector("style")) {
    for (const link of document.querySelectorAll("a[style*='block']")) {
      const { height } = link.getBoundingClientRect();
      if (height < 43) wrong.push(`a link ${height} px high: ${link.innerText}`);
    }
  }
  for (const text of document.querySelectorAll("p, h1, h2, h3, a")) {
    if (text.innerText?.trim() && parseFloat(getComputedStyle(text).fontSize) < 12) {
      wrong.push(`letters below 12 px: ${text.innerText.slice(0, 40)}`);
    }
  }
  return wrong;
}

// Every mail as it is, with images off, and without styles; the light edition has no images.
const kindsOf = (name) => (/-normal$/.test(name) ? SHOWN : SHOWN.filter((kind) => kind !== "images-off"));

async function look({ name, html, kind }) {
  const context = await browser.newContext({ locale: "fr-FR" });
  const asked = [];
  await context.route("**/*", (route) => {
    const url = route.request().url();
    const number = /^https:\/\/exemple\.tg\/images\/(\d+)\.jpg$/.exec(url)?.[1];
    if (!number) asked.push(url);
    if (!number || kind === "images-off") return route.abort();
    return route.fulfill({ path: join(job.pictures, picture(number)), contentType: "image/jpeg" });
  });
  const page = await context.newPage();
  await page.setContent(kind === "no-style" ? bare(html) : html, { waitUntil: "load" });
  // Over a page that has landmarks of its own. What axe judges apart from contrast is the same by night.
  if (job.axe) await page.evaluate(axe);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    const wrong = [];
    const shots = [];
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 700 });
      wrong.push(...(await page.evaluate(stumbles)).map((what) => `${width}: ${what}`));
      // The light edition names no colours: those of the browser's night are right, and axe takes its ground for white.
      if (job.axe && width === 375 && !(name.endsWith("-light") && colorScheme === "dark")) {
        const rules = { region: { enabled: false }, "landmark-one-main": { enabled: false } };
        const only = colorScheme === "dark" ? { runOnly: ["color-contrast"] } : { rules };
        const { violations } = await page.evaluate((only) => window.axe.run(document, { ...only, resultTypes: ["violations"] }), only);
        for (const { id, nodes } of violations) {
          wrong.push(`axe ${width}: ${id}: ${nodes.map((node) => `${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`).slice(0, 3).join(" | ")}`);
        }
      }
      if (job.out) shots.push({ width, png: (await page.screenshot({ fullPage: true })).toString("base64") });
    }
    wrong.push(...asked.map((url) => `asks for ${url}`));
    const file = [name, kind, colorScheme].filter(Boolean).join("-") + ".png";
    if (job.out) {
      const sheet = shots.map(({ width, png }) => `<img width=${width} src="data:image/png;base64,${png}">`).join("");
      const side = await context.browser().newPage({ viewport: { width: WIDTHS.reduce((a, b) => a + b + 16, 0), height: 700 } });
      await side.setContent(`<body style="margin:0;background:#8a8a8a;display:flex;gap:16px;align-items:flex-start">${sheet}`);
      await side.screenshot({ path: join(job.out, file), fullPage: true });
      await side.close();
    }
    console.log(JSON.stringify({ file, wrong }));
  }
  await context.close();
}

const looks = job.mails.flatMap(({ name, html }) => kindsOf(name).map((kind) => ({ name, html, kind })));
const worker = async () => {
  for (let next = looks.shift(); next; next = looks.shift()) await look(next);
};
await Promise.all([worker(), worker()]);
await browser.close();
