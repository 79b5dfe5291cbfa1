// npx tsx bench/pytorch/record.ts: makes bench/pytorch/recorded, what PyTorch says of one small case, for machines
// without PyTorch.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeCase, randomCase } from "./case.js";
import { ensurePytorch, scriptPath, writeAnswers } from "./oracle.js";
import { LENGTHS, ODD, comparedRules } from "./rules.js";

const folder = scriptPath("recorded");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
const path = join(folder, "case.safetensors");
writeFileSync(
  path,
  encodeCase(randomCase(ODD, { density: 0.1, lengths: LENGTHS, seed: 1, rules: comparedRules, eventful: true })),
);
writeAnswers(await ensurePytorch(), path, folder);
