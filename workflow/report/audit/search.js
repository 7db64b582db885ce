// From a series or a patient to the numbers; and the start of the page.

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
