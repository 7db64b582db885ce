// Tables and figures: what can be chosen.

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
