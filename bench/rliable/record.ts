// npx tsx bench/rliable/record.ts: records rliable's results of ten cases in bench/rliable/recorded.json, for machines
// without rliable.
import { writeFileSync } from "node:fs";
import { randomCases } from "./case.js";
import { askRliable, ensureRliable } from "./oracle.js";

const effort = { resamples: 1_000, ownResamples: 20_000 };
const cases = randomCases(1);
const { versions, answers } = askRliable(await ensureRliable(), cases, effort);
const lines = cases.map((given, i) => JSON.stringify({ ...given, answer: answers[i] }));
writeFileSync(
  new URL("recorded.json", import.meta.url),
  `{\n"versions": ${JSON.stringify(versions)},\n"effort": ${JSON.stringify(effort)},\n"cases": [\n${lines.join(",\n")}\n]\n}\n`,
);
