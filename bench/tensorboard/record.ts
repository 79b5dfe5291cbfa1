// npx tsx bench/tensorboard/record.ts PYTHON: makes bench/tensorboard/recorded.json, what TensorBoard reads of an event
// file, for machines without it. PYTHON is one that has it: python3 -m venv .cache/tensorboard &&
// .cache/tensorboard/bin/pip install tensorboard==2.20.0
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { eventFile } from "../../src/runs/tensorboard.js";
import { askTensorboard, BEGAN, rowsOf } from "./case.js";

const { metrics, timing } = rowsOf(1);
const file = eventFile(metrics, timing, BEGAN);
const { scalars, ...rest } = askTensorboard(process.argv[2] ?? "python3", file);
const lines = Object.entries(scalars).map(([tag, events]) => `${JSON.stringify(tag)}: ${JSON.stringify(events)}`);
const sha256 = createHash("sha256").update(file).digest("hex");
writeFileSync(
  new URL("recorded.json", import.meta.url),
  `${JSON.stringify({ ...rest, sha256 }).slice(0, -1)},\n"scalars": {\n${lines.join(",\n")}\n}}\n`,
);
