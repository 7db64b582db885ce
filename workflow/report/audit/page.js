"use strict";
// Reads what maknet/reporting/audit_page/content.py wrote. Jobs, files and the like are known by
// their places in lists.
const data = JSON.parse(document.getElementById("content").textContent);
const WHOLE = ["intact", "raw", "receipt", "other", ""];
const byId = (id) => document.getElementById(id);
const base = (path) => path.slice(path.lastIndexOf("/") + 1);

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "onclick") made.addEventListener("click", value);
    else if (value !== null) made.setAttribute(key, value);
  }
  made.append(...children.flat());
  return made;
}

function svgElement(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function table(caption, heads, rows) {
  const head = element("tr", {}, heads.map((text) => element("th", { scope: "col" }, text)));
  const body = rows.map((row) => element("tr", {}, row.map((cell, place) =>
    element(place ? "td" : "th", place ? {} : { scope: "row" }, cell))));
  const made = element("table", {}, element("caption", {}, caption), element("thead", {}, head),
    element("tbody", {}, body));
  return element("div", { class: "wide", tabindex: "0", role: "region", "aria-label": caption }, made);
}

// --- what a number rests on -----------------------------------------------------------------

function upstream(starts, without) {
  const found = new Set();
  const waiting = [...starts];
  while (waiting.length) {
    const job = waiting.pop();
    if (found.has(job) || (without && data.jobs[job].split === without)) continue;
    found.add(job);
    waiting.push(...data.jobs[job].before);
  }
  return found;
}

function restsOn(number) {
  if (number.starts.length < 2) return upstream(number.starts, number.without);
  const found = upstream(number.starts.slice(1), number.without);
  return found.add(number.starts[0]);
}

const reach = new Map();
function restsOnOnce(number) {
  if (!reach.has(number)) reach.set(number, restsOn(number));
  return reach.get(number);
}

function fileStatus(place) {
  return data.files[place][3];
}

function jobFaults(place) {
  const job = data.jobs[place];
  const files = job.outputs.filter((file) => !WHOLE.includes(fileStatus(file)));
  const read = job.inputs.filter((file) => !WHOLE.includes(fileStatus(file)) && data.files[file][2] < 0);
  return { files: [...files, ...read], issues: job.faults };
}

// A job that no audited result rests on: a scenario's, or one of an earlier configuration.
function isAudited(place) {
  return data.jobs[place].outputs.some((file) => fileStatus(file) !== "");
}

function isDamaged(place) {
  const faults = jobFaults(place);
  return faults.files.length + faults.issues.length > 0;
}

const title = (number) => number.row ? `${base(number.file)}, ${number.row}, ${columnName(number.column)}`
  : [base(number.file), number.column].filter(Boolean).join(", ");
function columnName(column) {
  return column.replace("text_mined_", "text-mined ").replace("hand_labeled_", "hand-labeled ")
    .replace("auc", "AUC").replace("f1", "F1");
}

// --- tables and figures ---------------------------------------------------------------------

let chosen = null;
function numberButton(number, text) {
  const made = element("button", {
    type: "button", "aria-pressed": "false", "aria-label": `${title(number)}: ${text}`,
    onclick: () => choose(number, made),
  }, text);
  return made;
}

function shown(number) {
  if (number.value === "") return "-";
  return number.column === "parameters" ? Number(number.value).toLocaleString("en-US")
    : Number(number.value).toFixed(4);
}

function drawNumbers() {
  const files = new Map();
  for (const number of data.numbers) {
    if (!files.has(number.file)) files.set(number.file, []);
    files.get(number.file).push(number);
  }
  const pictures = [];
  for (const [file, numbers] of files) {
    if (!numbers[0].row) {
      pictures.push(element("div", { class: "row" }, numbers.map((number) =>
        numberButton(number, number.column || base(file)))));
      continue;
    }
    const columns = [...new Set(numbers.map((number) => number.column))];
    const rows = [...new Set(numbers.map((number) => number.row))];
    const cells = rows.map((row) => [row, ...columns.map((column) => {
      const number = numbers.find((one) => one.row === row && one.column === column);
      return number ? numberButton(number, shown(number)) : "-";
    })]);
    const name = base(file).replace("table", "Table ").replace(".csv", "");
    byId("tables").append(table(`${name} (data: ${data.dataset})`, ["", ...columns.map(columnName)], cells));
  }
  byId("figures").append(element("h3", {}, "Figures, and their panels by run"), ...pictures);
}

function choose(number, button) {
  document.querySelectorAll('button[aria-pressed="true"]')
    .forEach((other) => other.setAttribute("aria-pressed", "false"));
  if (button) button.setAttribute("aria-pressed", "true");
  chosen = { number, jobs: restsOnOnce(number), open: null };
  byId("lineage").hidden = false;
  byId("detail").hidden = true;
  byId("lineage-head").textContent = `What ${title(number)} rests on`;
  const maker = data.jobs[number.starts[0]];
  const series = data.series.filter((one) => chosen.jobs.has(one[1]) && one[2] === "accepted").length;
  const damaged = [...chosen.jobs].filter(isDamaged).length;
  byId("lineage-about").replaceChildren(
    `${number.value ? `Value ${number.value}. ` : ""}${chosen.jobs.size} jobs`,
    series ? `, ${series} unlabeled series. ` : ". ",
    verdict(damaged === 0, damaged ? `${damaged} of these jobs do not hold. ` : "All of them hold. "),
    "Root of its lineage: ", element("code", {}, maker.root));
  drawGraph();
  byId("lineage-head").focus();
}

function verdict(good, text) {
  return element("span", { class: good ? "good" : "bad" }, `${good ? "✓" : "✗"} ${text}`);
}

// --- the graph ------------------------------------------------------------------------------

const WIDTH = 134, HEIGHT = 70, GAP_X = 26, GAP_Y = 20, LINE = 18, UNFOLDED = 12, WRAP = 18;

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

// --- details --------------------------------------------------------------------------------

function openDetail(heading, ...parts) {
  byId("detail").hidden = false;
  byId("detail-head").textContent = heading;
  byId("detail-body").replaceChildren(...parts);
}

function listJobs(group) {
  const box = data.boxes[group.box];
  openDetail(`${box.name}: ${group.jobs.length} jobs`, table("Jobs", ["job", "verdict", "ended"],
    group.jobs.map((place) => [
      element("button", { type: "button", onclick: () => showJob(place) }, jobTitle(place)),
      isDamaged(place) ? verdict(false, "does not hold") : verdict(true, "holds"), data.jobs[place].ended,
    ])));
}

function showJob(place) {
  const job = data.jobs[place];
  const faults = jobFaults(place);
  const environment = data.environments[job.environment];
  const parts = [
    element("p", {}, (data.rules[job.rule] || [])[0] || ""),
    element("p", {}, isAudited(place) || isDamaged(place) ? verdict(!isDamaged(place), isDamaged(place)
      ? "This job does not hold." : "Nothing of this job is other than it was.")
      : "No audited result rests on this job: its files were not compared.",
      ` As audited ${data.made}. `, "Root: ", element("code", {}, job.root)),
  ];
  if (faults.issues.length) {
    parts.push(table("What has changed", ["kind", "what", "status", "recorded", "found", "note"],
      faults.issues));
  }
  parts.push(
    table("Facts", ["", ""], [
      ["rule", ruleLink(job.rule, environment.commit)], ["log", element("code", {}, job.log || "-")], ["script", codeLink(data.codes[job.code].script, environment.commit)],
      ["started", job.started], ["ended", job.ended], ["device", job.device], ["CPU", environment.cpu],
      ["commit", environment.commit + (environment.clean === false ? " (with changes of one's own)" : "")],
      ["record", element("code", {}, job.record)], ...(job.slurm ? [["Slurm job", job.slurm]] : []),
    ]),
    fileTable("Read", job.inputs), fileTable("Written", job.outputs),
    settingsTable(job), codeList(job, environment.commit), packageList(environment), ...licenses(job));
  openDetail(jobTitle(place), ...parts);
  byId("detail-head").focus();
}

function codeLink(file, commit, line = 1, name = "") {
  const text = name ? `${name}, ${file} line ${line}` : file;
  if (!data.repository || !commit) return element("code", {}, text);
  return element("a", { href: `${data.repository}/blob/${commit}/${file}#L${line}` }, text);
}

function ruleLink(rule, commit) {
  const place = data.places[rule];
  return place ? codeLink(place[0], commit, place[1], rule) : rule;
}

const SHOWN = 50;
function fileTable(caption, files) {
  const rows = files.map((place) => {
    const [path, digest, maker, status, found, note] = data.files[place];
    const good = WHOLE.includes(status);
    const said = status === "" ? "not part of the audit" : status;
    const where = maker < 0 ? element("code", {}, path)
      : element("button", { type: "button", onclick: () => showJob(maker) }, element("code", {}, path));
    return [where, element("code", {}, digest), good ? element("span", { class: status ? "good" : "plain" }, said)
      : element("span", { class: "bad" }, `${status}: now ${found || "gone"} ${note || ""}`)];
  });
  const made = element("div", {}, table(`${caption}: ${files.length} files`, ["file", "SHA-256", "verdict"],
    rows.slice(0, SHOWN)));
  if (rows.length > SHOWN) {
    const more = element("button", { type: "button", onclick: () => {
      made.replaceChildren(table(`${caption}: ${files.length} files`, ["file", "SHA-256", "verdict"], rows));
    } }, `Show all ${rows.length}`);
    made.append(more);
  }
  return made;
}

function settingsTable(job) {
  return table("Settings", ["key", "value", "in the paper"], data.settings[job.settings].map(([key, value]) =>
    [element("code", {}, key), element("code", {}, value), data.sections[key] || ""]));
}

function codeList(job, commit) {
  const code = data.codes[job.code];
  const names = Object.keys(code.files).sort();
  return element("details", {}, element("summary", {}, `Code: ${names.length} files, digest ${code.digest}`),
    table("Code", ["file", "SHA-256"], names.map((name) =>
      [codeLink(name, commit), element("code", {}, code.files[name])])));
}

function packageList(environment) {
  const names = Object.keys(environment.packages).sort();
  return element("details", {}, element("summary", {}, `Versions: Python ${environment.python}, ${names.length} packages`),
    table("Packages", ["package", "version"], names.map((name) => [name, String(environment.packages[name])])));
}

function licenses(job) {
  if (job.box > 1 || !data.licenses.length) return [];
  const columns = Object.keys(data.licenses[0]);
  return [table("Licenses of the data", columns, data.licenses.map((row) => columns.map((name) => row[name])))];
}

// --- from data to numbers -------------------------------------------------------------------

function find(query) {
  const direct = data.series.filter((one) => one[0] === query);
  const ofPatient = data.series.filter((one) => data.series_patients[one[0]] === query);
  const sources = [
    ...[...direct, ...ofPatient].map(([uid, job, status, detail]) => ({ name: `series ${uid}`, job, status, detail })),
    ...(Object.hasOwn(data.patients, query) ? data.patients[query] : []).map(([job, status, detail]) => ({ name: `patient ${query}`, job, status, detail })),
  ];
  if (!sources.length) {
    byId("found").replaceChildren(element("p", {}, `No job of this run prepared a series or patient ${query}.`));
    return;
  }
  const used = sources.filter((source) => source.status !== "refused").map((source) => source.job);
  const numbers = data.numbers.filter((number) => used.some((job) => restsOnOnce(number).has(job)));
  byId("found").replaceChildren(
    table("Found", ["what", "as", "detail", "job"], sources.map((source) => [source.name, source.status,
      source.detail, element("button", { type: "button", onclick: () => showJob(source.job) }, jobTitle(source.job))])),
    element("p", {}, `It reached ${numbers.length} of ${data.numbers.length} numbers and figures:`),
    element("div", { class: "row" }, numbers.map((number) =>
      numberButton(number, `${title(number)}${number.value ? `: ${shown(number)}` : ""}`))));
}

byId("find").addEventListener("submit", (event) => {
  event.preventDefault();
  find(byId("query").value.trim());
});
const counts = Object.entries(data.counts).map(([status, count]) => `${count} ${status}`).join(", ");
const audited = data.jobs.filter((_, place) => isAudited(place)).length;
byId("about").textContent = `Data: ${data.dataset}. ${audited} jobs, audited at commit ${data.commit}.`;
byId("verdict").append(verdict(data.holds, data.holds ? "All links hold" : "The lineage does not hold"),
  ` as audited ${data.made}: ${counts}.`);
drawNumbers();
