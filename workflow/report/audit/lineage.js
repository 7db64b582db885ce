// What a number rests on.

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
