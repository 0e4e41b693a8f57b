// What html-validate and caniemail say of mails.
//
//   node mail_lint.mjs < job.json      {"clients": [GLOB, …], "mails": [{"name": …, "html": …}]}
//
// Prints one JSON line a finding: {"mail", "tool", "rule" or "feature", "clients", "what"}. Modules are found through NODE_PATH.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const modules = process.env.NODE_PATH;
const require = createRequire(join(modules, "from-here"));
const { HtmlValidate } = require("html-validate");
const { caniemail } = await import(pathToFileURL(join(modules, "caniemail", "dist", "index.js")));
const job = JSON.parse(readFileSync(0, "utf8"));

const validator = new HtmlValidate({ root: true, extends: ["html-validate:recommended", "html-validate:document"], rules: job.rules });

for (const { name, html } of job.mails) {
  // Outlook's conditional comments are no HTML for anybody else.
  const seen = html.replace(/<!--\[if [^]*?<!\[endif\]-->/g, "").replace(/<!--.*?-->/g, "");
  const report = await validator.validateString(seen);
  for (const { ruleId, message, line } of report.results.flatMap((result) => result.messages)) {
    console.log(JSON.stringify({ mail: name, tool: "html-validate", rule: ruleId, what: `line ${line}: ${message}` }));
  }
  const { issues } = caniemail({ clients: job.clients, html });
  for (const kind of ["errors", "warnings"]) {
    const features = new Map();
    for (const [client, found] of issues[kind]) {
      for (const { title, notes } of found) {
        if (!features.has(title)) features.set(title, { clients: new Set(), notes: new Set() });
        features.get(title).clients.add(client);
        for (const note of notes ?? []) features.get(title).notes.add(note);
      }
    }
    for (const [feature, { clients, notes }] of features) {
      console.log(JSON.stringify({ mail: name, tool: "caniemail", kind, feature, clients: [...clients].sort(), what: [...notes].join(" ") }));
    }
  }
}
