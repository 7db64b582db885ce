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
