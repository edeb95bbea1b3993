// Wires the page: theme, and per case the flamegraph with its tabs, sides, search and details.

const THEMES = ["auto", "light", "dark"];
const EAGER = 8; // Flamegraphs drawn at once.

/** An element with text; text is never read as markup. */
function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** A row of buttons of which one is pressed. `choose(index)` is called on each choice. */
function choice(label, titles, choose) {
  const row = element("div", "tabs");
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", label);
  const buttons = titles.map((title, index) => {
    const button = element("button", "", title);
    button.type = "button";
    button.addEventListener("click", () => { press(index); choose(index); });
    row.append(button);
    return button;
  });
  const press = (pressed) => buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(index === pressed)));
  press(0);
  return { row, press, buttons };
}

/** One line about the looked-at frame, and its numbers below. */
function describe(detail, flame, tab) {
  return (node) => {
    const { layout, graph } = flame;
    const frame = node === layout.root ? null : graph.frames[graph.nodes[node]];
    detail.replaceChildren();
    const title = element("p");
    if (frame) title.append(element("i", "swatch " + frame.class));
    title.append(element("code", "", flame.name(node)));
    detail.append(title);
    const words = frame ? [frame.kind === "function" ? "" : frame.kind, frame.category, frame.at] : [];
    const unit = tab().sampled && tab().unit === "count" ? " ‰" : "";
    const side = (values, own) => {
      const whole = values[layout.root];
      const share = whole > 0 ? ((values[node] / whole) * 100).toFixed(1) + " %" : "–";
      const self = node < layout.root && own[node] > 0 ? ", own " + quantity(own[node], tab().unit) + unit : "";
      return quantity(values[node], tab().unit) + unit + " per iteration, " + share + self;
    };
    if (tab().head && flame.side !== "base") words.push((flame.side === "difference" ? "head " : "") + side(layout.head, layout.ownHead));
    if (tab().base && flame.side !== "head") words.push("base " + side(layout.base, layout.ownBase));
    detail.append(element("div", "", words.filter(Boolean).join(" · ")));
  };
}

function mount(place, graph) {
  let current = graph.tabs[0];
  const canvas = element("canvas");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "Flamegraph. Arrow keys move between frames, Enter zooms in, Escape zooms out. The frame looked at is described below.");
  const box = element("div", "canvas");
  box.append(canvas);
  const detail = element("div", "detail");
  detail.setAttribute("aria-live", "polite");
  const flame = new Flamegraph(canvas, graph, (node) => describe(detail, flame, () => current)(node));
  const found = element("span", "found");
  const search = element("input");
  search.type = "search";
  search.placeholder = "Search frames, types, files";
  search.setAttribute("aria-label", "Search frames");
  const legend = element("div", "scale");

  const seek = () => {
    const hit = flame.search(search.value);
    found.textContent = hit ? hit.count + (hit.count === 1 ? " frame, " : " frames, ") + (hit.share * 100).toFixed(1) + " % of the whole" : "";
  };
  const refresh = () => {
    legend.hidden = flame.side !== "difference";
    flame.show(current, flame.side);
    seek();
  };
  const sides = ["head", "base", "difference"];
  const side = choice("Side", ["Head", "Base", "Difference"], (index) => { flame.side = sides[index]; refresh(); });
  const enable = () => {
    side.buttons[0].disabled = !current.head;
    side.buttons[1].disabled = !current.base;
    side.buttons[2].disabled = !current.head || !current.base;
    if (side.buttons[sides.indexOf(flame.side)].disabled) flame.side = current.head ? "head" : "base";
    side.press(sides.indexOf(flame.side));
  };
  const tabs = choice("Metric", graph.tabs.map((tab) => tab.title), (index) => { current = graph.tabs[index]; enable(); refresh(); });
  const reset = element("button", "", "Reset");
  reset.type = "button";
  reset.addEventListener("click", () => { search.value = ""; refresh(); });
  search.addEventListener("input", seek);
  search.addEventListener("keydown", (event) => { if (event.key === "Escape") { search.value = ""; seek(); } });

  for (const [name, words] of [["grew", "grew"], ["stayed", "the same"], ["shrank", "shrank"]]) {
    const entry = element("span");
    entry.append(element("i", "swatch " + name), words);
    legend.append(entry);
  }
  legend.append(element("span", "", "Width is base and head together."));

  const tools = element("div", "tools");
  if (graph.tabs.some((tab) => tab.base)) tools.append(side.row);
  tools.append(search, reset, found);
  const metrics = element("div", "tools");
  metrics.append(tabs.row);
  place.append(metrics, tools, legend, box, detail);
  enable();
  refresh();
  new ResizeObserver(() => flame.draw()).observe(box);
  return flame;
}

function start() {
  const graphs = JSON.parse(document.getElementById("stacks").textContent);
  const flames = [];
  const places = [...document.querySelectorAll(".flame")];
  const open = (place) => {
    const graph = graphs[Number(place.dataset.case)];
    if (graph && graph.tabs.length > 0) flames.push(mount(place, graph));
  };
  // A page may hold hundreds; then each is drawn when it comes near the window.
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      observer.unobserve(entry.target);
      open(entry.target);
    }
  }, { rootMargin: "600px" });
  places.slice(0, EAGER).forEach(open);
  places.slice(EAGER).forEach((place) => observer.observe(place));

  const repaint = () => flames.forEach((flame) => { flame.colours.clear(); flame.draw(); });
  const button = document.getElementById("theme");
  const prefers = window.matchMedia("(prefers-color-scheme: dark)");
  prefers.addEventListener("change", repaint);
  let theme = 0;
  const apply = () => {
    if (theme === 0) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = THEMES[theme];
    button.textContent = "Theme: " + THEMES[theme];
    repaint();
  };
  button.addEventListener("click", () => { theme = (theme + 1) % THEMES.length; apply(); });
  button.hidden = false;
  apply();
}

start();
