// npx tsx bench/pytorch/record.ts: records PyTorch's results of one small case, of one with continuous actions and of
// FACMAC with discrete ones, in bench/pytorch/recorded, for machines without PyTorch.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeCase, randomCase } from "./case.js";
import { continuousRules, encodeContinuousCase, ODD_CONTINUOUS, randomContinuousCase } from "./continuous.js";
import { encodeDiscreteCase, randomDiscreteCase } from "./facmac-discrete.js";
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
const python = await ensurePytorch();
writeAnswers(python, path, folder);

const continuous = join(folder, "continuous");
mkdirSync(continuous);
const continuousPath = join(continuous, "case.safetensors");
writeFileSync(
  continuousPath,
  encodeContinuousCase(
    randomContinuousCase(ODD_CONTINUOUS, { density: 0.4, transitions: 7, seed: 1, rules: continuousRules }),
  ),
);
writeAnswers(python, continuousPath, continuous, "continuous.py");

const discrete = join(folder, "facmac-discrete");
mkdirSync(discrete);
const discretePath = join(discrete, "case.safetensors");
writeFileSync(discretePath, encodeDiscreteCase(randomDiscreteCase({ density: 0.4, lengths: LENGTHS, seed: 1 })));
writeAnswers(python, discretePath, discrete, "facmac_discrete.py");
