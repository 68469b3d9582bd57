// SPDX-License-Identifier: GPL-2.0-or-later
// app.js - the lab on the screen: cytoscape draws, ELK lays it out in tiers, xterm.js is the terminal.
import cytoscape from "cytoscape";
import ELK from "elkjs/lib/elk.bundled.js";
import { Terminal } from "@xterm/xterm";
import { FitAddon } from "@xterm/addon-fit";
import "@xterm/xterm/css/xterm.css";
import "./app.css";

const $ = (id) => document.getElementById(id);
const token = location.hash.slice(1);
const state = { graph: { nodes: [], links: [] }, live: { running: false, nodes: {} }, before: null, rates: {}, node: null, tab: "interfaces" };

// ---- looks ----

const colors = { router: "#2563eb", spine: "#7c3aed", leaf: "#0891b2", server: "#475569", bridge: "#d97706", host: "#334155", kube: "#326ce5" };
const arrows = "M-13-5h9m0 0l-4-4m4 4l-4 4M13 5H4m0 0l4-4m-4 4l4 4M-5 13V4m0 0l-4 4m4-4l4 4M5-13v9m0 0l-4-4m4 4l4-4";
const pictures = {
  router: ['<circle r="24"/>', arrows],
  spine: ['<circle r="24"/>', arrows],
  leaf: ['<rect x="-26" y="-20" width="52" height="40" rx="7"/>', "M-17-7h30m0 0l-5-5m5 5l-5 5M17 7h-30m0 0l5-5m-5 5l5 5"],
  server: ['<rect x="-19" y="-24" width="38" height="48" rx="5"/>', "M-11-13h22M-11-4h22M-11 5h22M-9 15h1"],
  bridge: ['<rect x="-28" y="-12" width="56" height="24" rx="12"/>', "M-18 0h36M-10 0v-5M0 0v5M10 0v-5"],
  host: ['<rect x="-25" y="-19" width="50" height="32" rx="4"/>', "M-12 20h24M0 14v6M-16-8h14"],
  kube: ['<path d="M0-25L20-15 25 6 11 23H-11L-25 6-20-15Z"/>', "M0-13V13M-13 0H13M-9-9L9 9M9-9L-9 9M-8 0a8 8 0 1 0 16 0a8 8 0 1 0-16 0"],
};

function icon(role, off) {
  const [shape, lines] = pictures[role] || pictures.router;
  const fill = off ? "#94a3b8" : colors[role] || colors.router;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="112" height="112" viewBox="-28 -28 56 56"><g fill="${fill}">${shape}</g>` +
    `<path d="${lines}" fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
  return "data:image/svg+xml;utf8," + encodeURIComponent(svg);
}

function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function style() {
  return [
    { selector: "node", style: {
      width: 56, height: 56, "background-opacity": 0, "background-image": "data(icon)", "background-fit": "contain", "background-clip": "none", "border-width": 0, shape: "round-rectangle",
      label: "data(label)", color: css("--text"), "font-size": 13, "font-weight": 600, "font-family": "system-ui, sans-serif",
      "text-valign": "center", "text-halign": "right", "text-margin-x": 7, "text-justification": "left", "line-height": 1.2, "text-outline-color": css("--bg"), "text-outline-width": 3, "text-wrap": "wrap", "min-zoomed-font-size": 6 } },
    { selector: "node:selected", style: { "overlay-color": css("--accent"), "overlay-opacity": 0.16, "overlay-padding": 7, "overlay-shape": "round-rectangle" } },
    { selector: "node.off", style: { opacity: 0.65 } },
    { selector: ".dim", style: { opacity: 0.14 } },
    { selector: "edge", style: {
      width: "data(width)", "line-color": css("--dim"), "line-opacity": 0.75, "curve-style": "bezier", "control-point-step-size": 42,
      "source-label": "data(sourceLabel)", "target-label": "data(targetLabel)", "source-endpoint": "inside-to-node", "target-endpoint": "inside-to-node", "source-text-offset": 74, "target-text-offset": 74, "text-wrap": "wrap",
      label: "data(rate)", "text-rotation": "autorotate", "text-margin-y": -9,
      "font-size": 10, "font-family": "system-ui, sans-serif", color: css("--dim"), "text-outline-color": css("--bg"), "text-outline-width": 2.5, "min-zoomed-font-size": 7 } },
    { selector: "edge.up", style: { "line-color": css("--good"), "line-opacity": 0.8 } },
    { selector: "edge.down", style: { "line-color": css("--bad"), "line-style": "dashed", "line-opacity": 1, color: css("--bad") } },
    { selector: "edge:selected", style: { "overlay-color": css("--accent"), "overlay-opacity": 0.14 } },
  ];
}

const cy = cytoscape({ container: $("graph"), style: style(), minZoom: 0.05, maxZoom: 4, selectionType: "single" });
const key = () => "netemu.positions." + state.graph.name;
window.netemuGraph = { cy, state };

function theme(name) {
  document.documentElement.dataset.theme = name;
  cy.style(style());
}
const wanted = localStorage.getItem("netemu.theme");
theme(wanted || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (e) => localStorage.getItem("netemu.theme") || theme(e.matches ? "dark" : "light"));
$("theme").onclick = () => {
  const name = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  localStorage.setItem("netemu.theme", name);
  theme(name);
};

// ---- drawing ----

// Where all of it would be too small to read: a tier goes on in further rows, in the order that ELK has found.
function wrap(graph, at, tier) {
  const cell = 62 + 64 + 9 * Math.max(...graph.nodes.map((n) => n.name.length));
  const per = Math.max(8, Math.ceil(Math.sqrt(4 * Math.max(...Object.values(Object.groupBy(graph.nodes, (n) => n.tier)).map((t) => t.length)))));
  let y = 0;
  for (const t of [...new Set(Object.values(tier))].sort((a, b) => a - b)) {
    const row = graph.nodes.map((n) => n.name).filter((n) => tier[n] === t).sort((a, b) => at[a].x - at[b].x);
    for (let i = 0; i < row.length; i += per, y += 120) {
      const part = row.slice(i, i + per), step = Math.max(cell, (per * cell) / (part.length + 1) / 1.5);
      part.forEach((n, k) => { at[n] = { x: (k - (part.length - 1) / 2) * (row.length > per ? cell : step), y }; });
    }
    y += 100;
  }
  return at;
}

// Nodes of a ring in a circle; null when it is none.
function circle(graph) {
  const near = Object.fromEntries(graph.nodes.map((n) => [n.name, []])), order = [graph.nodes[0].name], seen = new Set(order);
  for (const l of graph.links) { near[l.source].push(l.target); near[l.target].push(l.source); }
  for (let next; (next = near[order.at(-1)].find((n) => !seen.has(n))); order.push(next)) seen.add(next);
  if (order.length < graph.nodes.length || Object.values(near).some((n) => n.length !== 2)) return null;
  const r = (order.length * 90) / (2 * Math.PI), angle = (i) => (2 * Math.PI * i) / order.length;
  return Object.fromEntries(order.map((n, i) => [n, { x: r * Math.sin(angle(i)), y: -r * Math.cos(angle(i)) }]));
}

async function positions(graph) {
  const elk = new ELK();
  const up = (l) => (tier[l.source] <= tier[l.target] ? [l.source, l.target] : [l.target, l.source]);
  const tier = Object.fromEntries(graph.nodes.map((n) => [n.name, n.tier]));
  const made = await elk.layout({
    id: "root",
    layoutOptions: {
      "elk.algorithm": "layered", "elk.direction": "DOWN", "elk.partitioning.activate": "true", "elk.spacing.nodeNode": "64",
      "elk.layered.spacing.nodeNodeBetweenLayers": "120", "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES", "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
      "elk.layered.nodePlacement.bk.fixedAlignment": "BALANCED", "elk.separateConnectedComponents": "true",
    },
    children: graph.nodes.map((n) => ({ id: n.name, width: 62 + n.name.length * 9, height: 64, layoutOptions: { "elk.partitioning.partition": String(n.tier) } })),
    edges: graph.links.map((l, i) => ({ id: "e" + i, sources: [up(l)[0]], targets: [up(l)[1]] })),
  });
  const at = Object.fromEntries(made.children.map((c) => [c.id, { x: c.x + 31, y: c.y + 32 }]));
  if (made.width < 3500 && made.height < 2200) return at;
  return circle(graph) || wrap(graph, at, tier);
}

async function draw(graph) {
  state.graph = graph;
  document.title = graph.name + " - netemu";
  $("title").textContent = graph.name;
  $("counts").textContent = `${graph.nodes.length} nodes, ${graph.links.length} links`;
  const at = await positions(graph);
  const saved = JSON.parse(localStorage.getItem(key()) || "{}");
  cy.elements().remove();
  cy.add(graph.nodes.map((n) => ({ group: "nodes", data: { id: n.name, label: n.name, role: n.role, icon: icon(n.role, false) }, position: saved[n.name] || at[n.name] })));
  cy.add(graph.links.map((l, i) => ({ group: "edges", data: { id: "link" + i, index: i, source: l.source, target: l.target, sourceLabel: l.source_interface,
    targetLabel: l.target_interface, rate: "", width: 2 } })));
  state.moved = false;
  room();
  show();
}

// All of the lab in the room there is, until the user has moved the view himself.
function room() {
  $("graph").classList.toggle("narrow", !$("panel").hidden);
  cy.resize();
  if (state.moved) return;
  cy.fit(undefined, 60);
  if (cy.zoom() > 1.5) { cy.zoom(1.5); cy.center(); }
}
cy.on("scrollzoom pinchzoom dragpan", () => { state.moved = true; });
window.addEventListener("resize", room);

cy.on("dragfree", "node", () => {
  const saved = JSON.parse(localStorage.getItem(key()) || "{}");
  cy.nodes().forEach((n) => { saved[n.id()] = n.position(); });
  localStorage.setItem(key(), JSON.stringify(saved));
});
$("fit").onclick = () => { state.moved = false; room(); };
$("relayout").onclick = () => { localStorage.removeItem(key()); draw(state.graph); };

// ---- live ----

const node = (name) => state.live.nodes[name];
const end = (name, ifname) => node(name)?.interfaces?.[ifname];

function bits(n) {
  const units = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"];
  let i = 0;
  while (n >= 1000 && i < 3) { n /= 1000; i++; }
  return (n < 10 && i ? n.toFixed(1) : Math.round(n)) + " " + units[i];
}

function rates() {
  const now = performance.now(), before = state.before;
  const counters = Object.fromEntries(Object.entries(state.live.nodes).map(([name, n]) => [name, n.counters || {}]));
  state.rates = {};
  if (before && now - before.at > 400)
    for (const [name, all] of Object.entries(counters))
      for (const [ifname, [rx, tx]] of Object.entries(all)) {
        const old = before.counters[name]?.[ifname];
        if (old) state.rates[name + ":" + ifname] = [(rx - old[0]) * 8000 / (now - before.at), (tx - old[1]) * 8000 / (now - before.at)];
      }
  if (!before || now - before.at > 400) state.before = { at: now, counters };
}

function showEdge(edge) {
  const l = state.graph.links[edge.data("index")];
  if (!l) return;
  const a = end(l.source, l.source_interface), b = end(l.target, l.target_interface);
  const address = (i) => { const x = i?.addresses.filter((t) => !t.startsWith("fe80")) || []; return x.length ? "\n" + x[0] : ""; };
  const known = a || b, up = (!a || a.up) && (!b || b.up);
  edge.toggleClass("up", Boolean(known && up)).toggleClass("down", Boolean(known && !up));
  const rate = state.rates[l.source + ":" + l.source_interface] || state.rates[l.target + ":" + l.target_interface];
  const sum = rate ? rate[0] + rate[1] : 0;
  edge.data({ sourceLabel: l.source_interface + address(a), targetLabel: l.target_interface + address(b), rate: sum > 500 ? bits(sum) : "", width: 2 + Math.min(4, Math.log10(1 + sum / 10000)) });
}

// The user's own pods by name; those of the cluster itself only as how many.
function podsLabel(pods) {
  const own = pods.filter((p) => p.namespace !== "kube-system").map((p) => p.name), shown = own.slice(0, 3);
  const rest = pods.length - shown.length;
  return [...shown, rest ? (shown.length ? "+ " : "") + `${rest} pod${rest > 1 ? "s" : ""}` : ""].filter(Boolean).map((t) => "\n" + t).join("");
}

function showNode(n) {
  const live = node(n.id()), off = state.live.running && live && !["running", "starting"].includes(live.state);
  const peers = Object.values(live?.bgp || {}), established = peers.filter((p) => p.state === "Established").length;
  const pods = live?.pods ? podsLabel(live.pods) : "";
  n.toggleClass("off", Boolean(off));
  n.data({ icon: icon(live?.pods ? "kube" : n.data("role"), off), label: n.id() + (peers.length ? `\nBGP ${established}/${peers.length}` : "") + pods + (off ? `\n${live.state}` : "") });
}

function show() {
  cy.batch(() => { cy.nodes().forEach(showNode); cy.edges().forEach(showEdge); });
  $("status").textContent = state.live.running ? "running" : "not running";
  $("status").className = "pill " + (state.live.running ? "good" : "");
  if (state.node) panel();
}

// ---- the panel ----

const tabs = ["interfaces", "pods", "routes", "bgp", "processes", "log"];

function cell(row, text, cls) {
  const td = row.insertCell();
  td.textContent = text;
  if (cls) td.className = cls;
  return td;
}

function interfacesTable(live) {
  const table = document.createElement("table");
  table.innerHTML = "<thead><tr><th>Interface</th><th>Addresses</th><th>In</th><th>Out</th></tr></thead>";
  const body = table.createTBody();
  for (const [name, i] of Object.entries(live?.interfaces || {}).sort()) {
    const row = body.insertRow(), first = cell(row, ""), dot = document.createElement("span"), rate = state.rates[state.node + ":" + name];
    dot.className = "dot" + (i.up ? "" : " down");
    first.append(dot, name);
    first.title = `${i.mac}, MTU ${i.mtu}, ${i.up ? "up" : i.admin ? "no carrier" : "down"}`;
    cell(row, i.addresses.filter((x) => !x.startsWith("fe80")).join("\n") || "–").style.whiteSpace = "pre-line";
    cell(row, rate ? bits(rate[0]) : "", "num");
    cell(row, rate ? bits(rate[1]) : "", "num");
  }
  return table;
}

function bgpTable(live) {
  const table = document.createElement("table");
  table.innerHTML = "<thead><tr><th>Neighbor</th><th>AS</th><th>State</th><th>Prefixes</th></tr></thead>";
  const body = table.createTBody();
  for (const [name, p] of Object.entries(live?.bgp || {})) {
    const row = body.insertRow(), first = cell(row, ""), dot = document.createElement("span");
    dot.className = "dot" + (p.state === "Established" ? "" : " down");
    first.append(dot, name);
    cell(row, p.as); cell(row, p.state); cell(row, p.prefixes, "num");
  }
  return table;
}

function podsTable(live) {
  const table = document.createElement("table");
  table.innerHTML = "<thead><tr><th>Pod</th><th>Namespace</th><th>Phase</th><th>Address</th></tr></thead>";
  const body = table.createTBody();
  for (const p of live.pods) {
    const row = body.insertRow(), first = cell(row, ""), dot = document.createElement("span");
    dot.className = "dot" + (["Running", "Succeeded"].includes(p.phase) ? "" : " down");
    first.append(dot, p.name);
    cell(row, p.namespace); cell(row, p.phase); cell(row, p.ip || "–");
  }
  return table;
}

async function ask(what) {
  const name = state.node, reply = await fetch(`node?name=${encodeURIComponent(name)}&what=${what}&token=${token}`);
  const text = await reply.text();
  if (state.node !== name || state.tab !== what) return;
  const pre = document.createElement("pre");
  pre.textContent = text || "(nothing)";
  $("content").replaceChildren(pre);
}

function content(fresh) {
  const live = node(state.node);
  if (state.tab === "pods" && !live?.pods) state.tab = "interfaces";
  if (state.tab === "pods") $("content").replaceChildren(podsTable(live));
  else if (state.tab === "interfaces") $("content").replaceChildren(interfacesTable(live));
  else if (state.tab === "bgp" && Object.keys(live?.bgp || {}).length) $("content").replaceChildren(bgpTable(live));
  else if (fresh) ask(state.tab);
}

function panel(fresh) {
  const n = state.graph.nodes.find((x) => x.name === state.node), live = node(state.node);
  if (!n) return;
  $("panel").hidden = false;
  $("panel-name").textContent = n.name;
  const word = live?.state || "not running";
  $("panel-state").textContent = word;
  $("panel-state").className = "pill " + (word === "running" ? "good" : live ? "bad" : "");
  $("terminal-open").disabled = !live || word !== "running" || !token;
  $("terminal-open").title = token ? "" : "needs the token in the address that netemu graph printed";
  const facts = [["Image", n.image || "–"], ["Kind", n.kind], ["Group", n.group], ["Management", [n.ipv4, n.ipv6].filter(Boolean).join(", ")], ["Long name", n.longname]];
  $("facts").replaceChildren(...facts.filter(([, v]) => v).flatMap(([k, v]) => {
    const dt = document.createElement("dt"), dd = document.createElement("dd");
    dt.textContent = k; dd.textContent = v;
    return [dt, dd];
  }));
  $("tabs").replaceChildren(...tabs.filter((t) => t !== "pods" || live?.pods).map((t) => {
    const b = document.createElement("button");
    b.textContent = t === "bgp" ? "BGP" : t[0].toUpperCase() + t.slice(1);
    b.setAttribute("aria-selected", String(t === state.tab));
    b.onclick = () => { state.tab = t; $("content").replaceChildren(); panel(true); };
    return b;
  }));
  content(fresh);
}

function choose(name) {
  state.node = name;
  $("content").replaceChildren();
  panel(true);
  room();
}
function unchoose() {
  state.node = null;
  $("panel").hidden = true;
  room();
  cy.elements().unselect();
}
cy.on("tap", "node", (e) => choose(e.target.id()));
cy.on("tap", (e) => e.target === cy && unchoose());
$("panel-close").onclick = unchoose;

// ---- search, keys ----

$("search").oninput = () => {
  const word = $("search").value.trim().toLowerCase();
  cy.elements().removeClass("dim");
  if (!word) return;
  const found = cy.nodes().filter((n) => {
    const g = state.graph.nodes.find((x) => x.name === n.id()), live = node(n.id());
    const all = [g.name, g.image, g.group, g.role, g.ipv4, ...Object.entries(live?.interfaces || {}).flatMap(([k, i]) => [k, ...i.addresses])];
    return all.some((t) => String(t).toLowerCase().includes(word));
  });
  cy.elements().not(found).not(found.edgesWith(found)).addClass("dim");
};
$("search").onkeydown = (e) => {
  if (e.key !== "Enter") return;
  const first = cy.nodes().not(".dim")[0];
  if (first) { first.select(); choose(first.id()); if (state.moved) cy.animate({ center: { eles: first }, duration: 200 }); }
};
document.addEventListener("keydown", (e) => {
  const typing = ["INPUT", "TEXTAREA"].includes(document.activeElement?.tagName);
  if (e.key === "Escape" && document.activeElement === $("search")) { $("search").value = ""; $("search").oninput(); $("search").blur(); }
  else if (typing) return;
  else if (e.key === "/") { e.preventDefault(); $("search").focus(); }
  else if (e.key === "Escape") unchoose();
  else if (e.key === "0") $("fit").click();
});

// ---- terminal ----

let terminal = null;
function terminalClose() {
  terminal?.socket.close();
  terminal?.xterm.dispose();
  terminal = null;
  $("terminal").hidden = true;
  room();
}
function terminalOpen(name) {
  terminalClose();
  $("terminal").hidden = false;
  $("terminal-name").textContent = name;
  room();
  const xterm = new Terminal({ fontSize: 13, cursorBlink: true, theme: { background: "#0b1120" } }), fit = new FitAddon();
  xterm.loadAddon(fit);
  xterm.open($("terminal-body"));
  fit.fit();
  const socket = new WebSocket(`ws://${location.host}/terminal?node=${encodeURIComponent(name)}&token=${token}`);
  socket.binaryType = "arraybuffer";
  const size = () => socket.readyState === 1 && socket.send(`r${xterm.cols},${xterm.rows}`);
  socket.onopen = size;
  socket.onmessage = (e) => xterm.write(new Uint8Array(e.data));
  socket.onclose = () => xterm.write("\r\n\x1b[2m(the terminal has ended)\x1b[0m\r\n");
  xterm.onData((d) => socket.readyState === 1 && socket.send("d" + d));
  xterm.onResize(size);
  new ResizeObserver(() => terminal && fit.fit()).observe($("terminal-body"));
  xterm.focus();
  terminal = { xterm, socket };
  window.netemuGraph.terminal = terminal;
}
$("terminal-open").onclick = () => terminalOpen(state.node);
$("terminal-close").onclick = terminalClose;

// ---- the server ----

async function start() {
  await draw(await (await fetch("graph.json")).json());
  const events = new EventSource("events");
  events.addEventListener("graph", (e) => draw(JSON.parse(e.data)));
  events.addEventListener("live", (e) => {
    const live = JSON.parse(e.data);
    if (!live.nodes) return;
    state.live = live;
    rates();
    show();
  });
  events.onerror = () => { $("status").textContent = "no connection"; $("status").className = "pill bad"; };
}
start();
