// SPDX-License-Identifier: GPL-2.0-or-later
// graph_page.mjs - what a person sees of `netemu graph`, in headless Chromium: NODE_MODULES URL NODES LINKS [NODE [IF [SCREENSHOTS]]]
//
// Prints a line for each thing that was seen; graph.sh takes a link down when it reads "ready".
import { createRequire } from "node:module";
const [modules, url, nodes, links, node, ifname, shots] = process.argv.slice(2);
const { chromium } = createRequire(modules + "/x")("playwright-core");

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage({ viewport: { width: 1400, height: 850 }, colorScheme: "light" });
// Asked from here: the page's own policy forbids what waitForFunction() does.
const until = async (fn, arg) => {
  for (const end = Date.now() + 20000; !(await page.evaluate(fn, arg)); await new Promise((r) => setTimeout(r, 10)))
    if (Date.now() > end) throw new Error("waited in vain for " + fn);
};
const wrong = [];
page.on("pageerror", (e) => wrong.push(e.message));
page.on("console", (m) => m.type() === "error" && wrong.push(m.text()));
await page.goto(url);
await until((n) => window.netemuGraph?.cy.nodes().length === n, Number(nodes));
console.log("nodes", await page.evaluate(() => window.netemuGraph.cy.nodes().length), "links", await page.evaluate(() => window.netemuGraph.cy.edges().length));
await until((n) => window.netemuGraph.cy.edges(".up").length === n, Number(links));
console.log("up");
// Nodes do not lie on top of each other.
console.log("overlaps", await page.evaluate(() => {
  const at = window.netemuGraph.cy.nodes().map((n) => n.position());
  return at.filter((p, i) => at.some((q, k) => k > i && Math.hypot(p.x - q.x, p.y - q.y) < 50)).length;
}));
if (shots) await page.screenshot({ path: shots + "/light.png" });
if (ifname) {
  console.log("ready");
  await until(() => window.netemuGraph.cy.edges(".down").length === 1, null);
  console.log("down", Date.now());
  const color = await page.evaluate(() => window.netemuGraph.cy.edges(".down")[0].style("line-color") + " " + window.netemuGraph.cy.edges(".down")[0].style("line-style"));
  console.log("color", color);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.evaluate((n) => window.netemuGraph.cy.$id(n).emit("tap"), node);
  await page.waitForSelector("#panel:not([hidden])");
  console.log("panel", await page.textContent("#panel-name"), (await page.textContent("#content")).includes(ifname));
  await page.click("#terminal-open");
  await until(() => window.netemuGraph.terminal?.socket.readyState === 1, null);
  await until(() => document.querySelector(".xterm-rows")?.textContent.includes("#"), null); // what is typed before may be thrown away
  await page.keyboard.type("echo in-$(hostname)-here\n");
  await until((n) => document.querySelector(".xterm-rows")?.textContent.includes("in-" + n + "-here"), node);
  console.log("terminal");
  await page.fill("#search", node);
  console.log("found", await page.evaluate(() => window.netemuGraph.cy.nodes().not(".dim").map((n) => n.id()).join(",")));
  if (shots) await page.screenshot({ path: shots + "/dark.png" });
}
// Without an interface: the pods of a node of a cluster, NODE.
if (node && !ifname) {
  await until((n) => window.netemuGraph.cy.$id(n).data("label").includes("nettool"), node);
  console.log("label", JSON.stringify(await page.evaluate((n) => window.netemuGraph.cy.$id(n).data("label"), node)));
  await page.evaluate((n) => window.netemuGraph.cy.$id(n).emit("tap"), node);
  await page.click("#tabs button:text('Pods')");
  console.log("pods", (await page.textContent("#content tbody tr:has-text('nettool')")).replace(/\s+/g, " "));
  if (shots) await page.screenshot({ path: shots + "/pods.png" });
}
console.log("errors", wrong.length, ...wrong);
await browser.close();
