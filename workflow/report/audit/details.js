// What is said of one job, or of the jobs of a box.

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
      ? "This job does not hold." : "Nothing about this job has changed.")
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
