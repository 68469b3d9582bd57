// SPDX-License-Identifier: GPL-2.0-or-later
// build.mjs OUTPUT - bundles the page into a directory.
import { build } from "esbuild";
import { copyFileSync, mkdirSync } from "node:fs";

const out = process.argv[2];
mkdirSync(out, { recursive: true });
await build({ entryPoints: ["src/app.js"], bundle: true, minify: true, outdir: out, logLevel: "warning", legalComments: "eof", loader: { ".css": "css" } });
copyFileSync("src/index.html", out + "/index.html");
