// The lineage of the chosen number as a graph.

const WIDTH = 134, HEIGHT = 70, GAP_X = 26, GAP_Y = 20, LINE = 18, UNFOLDED = 12, WRAP = 17;

function groups() {
  const found = new Map();
  for (const place of [...chosen.jobs].sort((a, b) => a - b)) {
    const box = place === chosen.number.starts[0] ? data.boxes.length - 1 : data.jobs[place].box;
    if (!found.has(box)) found.set(box, { box, jobs: [], before: new Set() });
    found.get(box).jobs.push(place);
  }
  const boxOf = new Map([...found.values()].flatMap((group) => group.jobs.map((job) => [job, group.box])));
  const head = chosen.number.starts[0];
  for (const group of found.values()) {
    for (const job of group.jobs) {
      const before = job === head && chosen.number.starts.length > 1
        ? chosen.number.starts.slice(1) : data.jobs[job].before;
      for (const other of before) {
        if (boxOf.has(other) && boxOf.get(other) !== group.box) group.before.add(boxOf.get(other));
      }
    }
  }
  return [...found.values()].sort((a, b) => a.box - b.box);
}

// Boxes stand in the order of the paper, so an arrow to an earlier box (a student labels for the
// transfer, the teacher for the students) never makes a circle of layers.
function layers(list) {
  const depth = new Map();
  for (const group of list) {
    const before = [...group.before].filter((box) => depth.has(box)).map((box) => depth.get(box));
    depth.set(group.box, before.length ? Math.max(...before) + 1 : 0);
  }
  return depth;
}

function drawGraph() {
  const list = groups();
  const depth = layers(list);
  const columns = [];
  for (const group of list) (columns[depth.get(group.box)] ||= []).push(group);
  const place = new Map();
  let height = 0;
  columns.forEach((column, x) => {
    let y = GAP_Y;
    for (const group of column) {
      const rows = chosen.open === group.box ? Math.min(group.jobs.length, UNFOLDED) + 1 : 0;
      const tall = HEIGHT + rows * LINE + (rows ? 8 : 0);
      place.set(group.box, { x: GAP_X / 2 + x * (WIDTH + GAP_X), y, tall });
      y += tall + GAP_Y;
    }
    height = Math.max(height, y);
  });
  const width = columns.length * (WIDTH + GAP_X);
  const svg = svgElement("svg", {
    viewBox: `0 0 ${width} ${height}`, width, height, role: "group",
    "aria-label": `Lineage of ${title(chosen.number)}: ${list.length} boxes`,
  });
  for (const group of list) {
    for (const other of group.before) {
      const [from, to] = [place.get(other), place.get(group.box)];
      const [x1, y1, x2, y2] = [from.x + WIDTH, from.y + HEIGHT / 2, to.x, to.y + HEIGHT / 2];
      const bend = Math.max(24, (x2 - x1) / 2);
      svg.append(svgElement("path", { d: `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}` }));
    }
  }
  list.forEach((group) => svg.append(drawBox(group, place.get(group.box))));
  byId("graph").replaceChildren(svg);
}

function drawBox(group, at) {
  const box = data.boxes[group.box];
  const damaged = group.jobs.some(isDamaged);
  const name = box.section ? box.name : base(chosen.number.file);
  const count = group.jobs.length === 1 ? "1 job" : `${group.jobs.length} jobs`;
  const said = damaged ? "does not hold" : "holds";
  const made = svgElement("g", {
    role: "button", tabindex: "0", class: damaged ? "damaged" : "", "data-box": group.box,
    "aria-expanded": String(chosen.open === group.box), "aria-label": `${name}: ${count}, ${said}`,
  },
    svgElement("rect", { x: at.x, y: at.y, width: WIDTH, height: at.tall, rx: 6 }),
    ...wrapped(name).map((text, row) => svgText(at.x + 8, at.y + 19 + row * 16, text)),
    svgText(at.x + 8, at.y + HEIGHT - 11,
      `${damaged ? "✗" : "✓"} ${count}${box.section ? `, section ${box.section}` : ""}`, "small"));
  act(made, () => openBox(group));
  if (chosen.open !== group.box) return made;
  const whole = svgElement("g", {}, made);
  group.jobs.slice(0, UNFOLDED).forEach((job, row) => {
    const y = at.y + HEIGHT + row * LINE;
    const text = `${isDamaged(job) ? "✗ " : ""}${jobTitle(job)}`;
    const line = svgElement("g", { role: "button", tabindex: "0", class: "line", "aria-label": text },
      svgElement("rect", { x: at.x + 4, y: y - 2, width: WIDTH - 8, height: LINE - 1, rx: 3 }),
      svgText(at.x + 8, y + 11, text.length > WRAP + 2 ? `${text.slice(0, WRAP + 1)}…` : text, "small"));
    act(line, () => showJob(job));
    whole.append(line);
  });
  const more = group.jobs.length - UNFOLDED;
  const rest = more > 0 ? `and ${more} more below` : "choose a job";
  whole.append(svgText(at.x + 8, at.y + HEIGHT + Math.min(group.jobs.length, UNFOLDED) * LINE + 12, rest, "small"));
  return whole;
}

function svgText(x, y, text, style = "") {
  return svgElement("text", { x, y, class: style }, text);
}

function wrapped(text) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (longer.length > WRAP && lines.at(-1)) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

function act(target, does) {
  target.addEventListener("click", (event) => { event.stopPropagation(); does(); });
  target.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); event.stopPropagation(); does(); }
  });
}

const jobTitle = (place) => {
  const job = data.jobs[place];
  return job.name ? `${job.rule}: ${job.name}` : job.rule;
};

function openBox(group) {
  const opened = chosen.open !== group.box;
  chosen.open = opened ? group.box : null;
  drawGraph();
  byId("graph").querySelector(`[data-box="${group.box}"]`).focus();
  if (!opened) return;
  if (group.jobs.length === 1) showJob(group.jobs[0]);
  else listJobs(group);
}
