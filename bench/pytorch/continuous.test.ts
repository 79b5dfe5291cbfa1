import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { NetworkShape } from "../../src/networks/parameters.js";
import {
  CONTINUOUS_NETWORKS,
  type ContinuousCase,
  continuousRules,
  decodeContinuousAnswer,
  decodeContinuousCase,
  encodeContinuousCase,
  largestContinuousDifference,
  randomContinuousCase,
  sparseContinuousAnswer,
} from "./continuous.js";
import { findPytorch, scriptPath, writeAnswers } from "./oracle.js";

const read = (name: string) => readFileSync(join(scriptPath("recorded/continuous"), `${name}.safetensors`));
const recorded = decodeContinuousCase(read("case"));

describe("what PyTorch said of the recorded case of continuous actions (npx tsx bench/pytorch/record.ts)", () => {
  it.each(recorded.rules.map((rule) => [rule.name, rule] as const))(
    "is what the sparse engine says: %s",
    async (name, rule) => {
      const theirs = decodeContinuousAnswer(read(name));
      const { difference, where } = largestContinuousDifference(await sparseContinuousAnswer(recorded, rule), theirs);
      expect(difference, where).toBeLessThan(1e-4);
      // Every parameter of the networks has moved, and so has its target.
      expect(theirs.gradients.size).toBe(theirs.online.size);
      for (const [name, values] of theirs.online) {
        expect(values, name).not.toEqual(recorded.online.get(name));
        expect(theirs.target.get(name), name).not.toEqual(recorded.target.get(name));
      }
      // Gradients are clipped with the authors' settings here, and not with the fast ones.
      for (const norm of theirs.norms) expect(norm > rule.options.gradientClip).toBe(!name.endsWith("fast"));
    },
  );

  it.each(["comix-masked-fast", "facmac-masked-fast"])("is told from that of other settings: %s", async (name) => {
    const rule = recorded.rules.find((rule) => rule.name === name)!;
    const theirs = decodeContinuousAnswer(read(name));
    const changed = {
      discount: { discount: 0.98 },
      beta1: { beta1: 0.9 },
      beta2: { beta2: 0.999 },
      epsilon: { epsilon: 0.011 },
      follow: { follow: 0.31 },
      gradientClip: { gradientClip: 0.5 },
    };
    for (const [what, options] of Object.entries(changed)) {
      const ours = await sparseContinuousAnswer(recorded, { ...rule, options: { ...rule.options, ...options } });
      expect(largestContinuousDifference(ours, theirs).difference, what).toBeGreaterThan(1e-3);
    }
  });

  it("is of a case that writing and reading leave as it is", () => {
    expect(Buffer.from(encodeContinuousCase(recorded)).equals(read("case"))).toBe(true);
  });
});

const python = await findPytorch();

describe.skipIf(python === undefined)("PyTorch's updates of continuous actions", () => {
  const humanoid: NetworkShape = {
    agents: 2,
    actions: 9,
    observation: 18,
    state: 376,
    hidden: 100,
    embed: 64,
    hypernetEmbed: 64,
    networks: CONTINUOUS_NETWORKS,
  };
  it("are the sparse engine's by every rule, for Humanoid 9|8 with smaller layers", async () => {
    const given = randomContinuousCase(humanoid, { density: 0.1, transitions: 37, seed: 7, rules: continuousRules });
    for (const [rule, theirs] of askPytorch(given)) {
      const { difference, where } = largestContinuousDifference(await sparseContinuousAnswer(given, rule), theirs);
      expect(difference, `${rule.name}: ${where}`).toBeLessThan(1e-4);
    }
  });
});

function askPytorch(given: ContinuousCase) {
  const folder = mkdtempSync(join(tmpdir(), "mast-pytorch-"));
  try {
    const path = join(folder, "case.safetensors");
    writeFileSync(path, encodeContinuousCase(given));
    writeAnswers(python!, path, folder, "continuous.py");
    return given.rules.map(
      (rule) => [rule, decodeContinuousAnswer(readFileSync(join(folder, `${rule.name}.safetensors`)))] as const,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
