"use strict";
// Draws one tree of stacks on a canvas, root on top. Nothing here recurses: stacks may be thousands deep.

const ROW = 19;
const MOST_ROWS = 700; // Browsers refuse canvases much higher than 30,000 device pixels.
const THINNEST = 0.4; // Narrower frames are not drawn.

/** Inclusive weights per node from (node, weight) pairs; slot `count` is the whole. */
function inclusive(side, parents, own) {
  const count = parents.length;
  const sums = new Float64Array(count + 1);
  if (!side) return sums;
  side.nodes.forEach((node, index) => { sums[node] += side.weights[index] * side.scale; });
  if (own) own.set(sums);
  for (let node = count - 1; node >= 0; node -= 1) {
    sums[parents[node] < 0 ? count : parents[node]] += sums[node];
  }
  return sums;
}

/** Everything about one tab of one graph that does not depend on what is zoomed. */
function layOut(graph, tab) {
  const count = graph.parents.length;
  const ownHead = new Float64Array(count + 1);
  const ownBase = new Float64Array(count + 1);
  const head = inclusive(tab.head, graph.parents, ownHead);
  const base = inclusive(tab.base, graph.parents, ownBase);
  const children = Array.from({ length: count + 1 }, () => []);
  const depth = new Int32Array(count + 1);
  for (let node = 0; node < count; node += 1) {
    if (head[node] + base[node] === 0) continue;
    const parent = graph.parents[node] < 0 ? count : graph.parents[node];
    children[parent].push(node);
    depth[node] = depth[parent] + 1;
  }
  // One order for all sides, so that switching between them moves as little as possible.
  const weight = (node) => head[node] + base[node];
  children.forEach((list) => list.sort((one, other) => weight(other) - weight(one) || one - other));
  return { head, base, ownHead, ownBase, children, depth, root: count };
}

/** `ddsplit::store::reassemble` without its path, for narrow frames. */
function shortName(name) {
  return name.replace(/(?:[A-Za-z_][A-Za-z0-9_]*::)+(?=[A-Za-z_{<])/g, "");
}

/** The same notation as everywhere else in the report. */
function quantity(value, unit) {
  const steps = {
    count: [[1e9, " G"], [1e6, " M"], [1e4, " k"], [1, ""]],
    bytes: [[1e9, " GB"], [1e6, " MB"], [1e3, " kB"], [1, " B"]],
    nanoseconds: [[1e9, " s"], [1e6, " ms"], [1e3, " µs"], [1, " ns"]],
  }[unit] || [[1, ""]];
  const found = steps.find(([step]) => Math.abs(value) >= step) || [1, steps[steps.length - 1][1]];
  const scaled = value / (found[1] === " k" ? 1e3 : found[0]);
  const whole = found[0] === 1 && Number.isInteger(value);
  const decimals = whole || Math.abs(scaled) >= 100 ? 0 : Math.abs(scaled) >= 10 ? 1 : 2;
  return scaled.toFixed(decimals) + found[1];
}

/** A flamegraph in `canvas`. `onFocus(node)` is called when the looked-at frame changes. */
class Flamegraph {
  constructor(canvas, graph, onFocus) {
    this.canvas = canvas;
    this.graph = graph;
    this.onFocus = onFocus;
    this.side = "head";
    this.matches = null;
    this.rows = [];
    this.colours = new Map();
    canvas.addEventListener("mousemove", (event) => this.look(this.hit(event), true));
    canvas.addEventListener("mouseleave", () => this.look(this.zoomed, true));
    canvas.addEventListener("click", (event) => this.zoom(this.hit(event)));
    canvas.addEventListener("focus", () => this.draw());
    canvas.addEventListener("blur", () => this.draw());
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  show(tab, side) {
    this.tab = tab;
    this.side = side;
    this.layout = layOut(this.graph, tab);
    this.zoomed = this.layout.root;
    this.focused = this.layout.root;
    this.draw();
    this.onFocus(this.focused);
  }

  /** Width of a node in the current side. Both together where they are compared: that adds up. */
  value(node) {
    const { head, base } = this.layout;
    if (this.side === "head") return head[node];
    return this.side === "base" ? base[node] : head[node] + base[node];
  }

  name(node) {
    return node === this.layout.root ? "all" : this.graph.frames[this.graph.nodes[node]].name;
  }

  /** Selects what is searched for; gives the matching frames and their share of the whole. */
  search(words) {
    const wanted = words.trim().toLowerCase();
    this.matches = null;
    if (wanted) {
      const hits = this.graph.frames.map((frame) => (frame.name + " " + frame.at).toLowerCase().includes(wanted));
      this.matches = new Uint8Array(this.graph.parents.length + 1);
      const covered = new Uint8Array(this.matches.length);
      let count = 0;
      let sum = 0;
      for (let node = 0; node < this.graph.parents.length; node += 1) {
        const parent = this.graph.parents[node];
        const hit = hits[this.graph.nodes[node]];
        this.matches[node] = hit ? 1 : 0;
        covered[node] = hit || (parent >= 0 && covered[parent]) ? 1 : 0;
        if (!hit || this.value(node) === 0) continue;
        count += 1;
        // A match below a match is part of it already.
        if (parent < 0 || !covered[parent]) sum += this.value(node);
      }
      this.draw();
      const total = this.value(this.layout.root);
      return { count, share: total > 0 ? sum / total : 0 };
    }
    this.draw();
    return null;
  }

  zoom(node) {
    if (node === null) return;
    this.zoomed = node;
    this.focused = node;
    this.draw();
    this.onFocus(node);
  }

  reset() { this.zoom(this.layout.root); }

  look(node, isPointer) {
    if (node === null || node === this.focused) return;
    this.focused = node;
    this.draw();
    this.onFocus(node);
    if (!isPointer) this.reveal(node);
  }

  reveal(node) {
    const box = this.canvas.parentElement;
    const top = this.layout.depth[node] * ROW;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + ROW > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW - box.clientHeight;
  }

  parent(node) {
    if (node === this.layout.root) return null;
    const parent = this.graph.parents[node];
    return parent < 0 ? this.layout.root : parent;
  }

  key(event) {
    const node = this.focused;
    const visible = (list) => list.filter((child) => this.value(child) > 0);
    const siblings = () => visible(this.layout.children[this.parent(node)]);
    const beside = (step) => {
      if (this.parent(node) === null) return node;
      const list = siblings();
      return list[list.indexOf(node) + step] ?? node;
    };
    const moves = {
      ArrowDown: () => this.look(visible(this.layout.children[node])[0] ?? node),
      ArrowUp: () => this.look(this.parent(node)),
      ArrowLeft: () => this.look(beside(-1)),
      ArrowRight: () => this.look(beside(1)),
      Home: () => this.look(this.layout.root),
      Enter: () => this.zoom(node),
      " ": () => this.zoom(node),
      Escape: () => this.reset(),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
  }

  hit(event) {
    const box = this.canvas.getBoundingClientRect();
    const row = this.rows[Math.floor((event.clientY - box.top) / ROW)];
    const x = event.clientX - box.left;
    const frame = row && row.find((cell) => x >= cell.x && x < cell.x + cell.width);
    return frame ? frame.node : null;
  }

  /** Colour of a style class, asked of the page once per theme. */
  colour(name) {
    if (!this.colours.has(name)) {
      const probe = document.createElement("i");
      probe.className = name;
      this.canvas.parentElement.append(probe);
      this.colours.set(name, getComputedStyle(probe).backgroundColor);
      probe.remove();
    }
    return this.colours.get(name);
  }

  /** Where frames lie under the current zoom: those above the zoomed one are as wide as it. */
  place(width) {
    const rows = [];
    const put = (node, x, wide) => {
      const row = this.layout.depth[node];
      (rows[row] ||= []).push({ node, x, width: wide });
    };
    for (let node = this.parent(this.zoomed); node !== null; node = this.parent(node)) put(node, 0, width);
    const whole = this.value(this.zoomed);
    const open = whole > 0 ? [{ node: this.zoomed, x: 0, width }] : [];
    while (open.length > 0) {
      const cell = open.pop();
      put(cell.node, cell.x, cell.width);
      let x = cell.x;
      for (const child of this.layout.children[cell.node]) {
        const wide = (this.value(child) / whole) * width;
        if (wide >= THINNEST && this.layout.depth[child] < MOST_ROWS) open.push({ node: child, x, width: wide });
        x += wide;
      }
    }
    return rows;
  }

  draw() {
    const width = this.canvas.parentElement.clientWidth;
    if (!this.layout || width === 0) return;
    this.rows = this.place(width);
    const height = Math.max(1, this.rows.length) * ROW;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.height = height + "px";
    const context = this.canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.font = '11.5px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';
    context.textBaseline = "middle";
    const letter = context.measureText("m").width;
    for (const row of this.rows) {
      for (const cell of row || []) this.drawCell(context, cell, letter);
    }
  }

  drawCell(context, cell, letter) {
    const { node, x, width } = cell;
    const top = this.layout.depth[node] * ROW;
    const isAbove = this.layout.depth[node] < this.layout.depth[this.zoomed];
    const isDim = (this.matches && !this.matches[node]) || isAbove;
    context.globalAlpha = isDim ? 0.35 : 1;
    this.fill(context, node, x, top, Math.max(width - 1, THINNEST));
    context.globalAlpha = isDim ? 0.75 : 1;
    if (node === this.focused && (node !== this.layout.root || document.activeElement === this.canvas)) {
      context.strokeStyle = this.colour("now-ring");
      context.lineWidth = 2;
      context.strokeRect(x + 1, top + 1, Math.max(width - 3, 1), ROW - 3);
    }
    const room = Math.floor((width - 8) / letter);
    if (room < 3) return;
    let name = this.name(node);
    if (name.length > room) name = shortName(name);
    if (name.length > room) name = name.slice(0, room - 1) + "…";
    context.fillStyle = isDim ? this.colour("now-ring") : "#15171a";
    context.fillText(name, x + 4, top + ROW / 2);
  }

  fill(context, node, x, top, width) {
    if (this.side === "difference") {
      const { head, base } = this.layout;
      const sum = head[node] + base[node];
      const change = sum > 0 ? (head[node] - base[node]) / sum : 0;
      context.fillStyle = this.colour("stayed");
      context.fillRect(x, top, width, ROW - 1);
      context.globalAlpha *= Math.abs(change);
      context.fillStyle = this.colour(change > 0 ? "grew" : "shrank");
    } else {
      const root = node === this.layout.root;
      context.fillStyle = this.colour(root ? "stayed" : this.graph.frames[this.graph.nodes[node]].class);
    }
    context.fillRect(x, top, width, ROW - 1);
  }
}
