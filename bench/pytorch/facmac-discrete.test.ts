import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { decodeContinuousAnswer, largestContinuousDifference } from "./continuous.js";
import {
  decodeDiscreteCase,
  discreteRules,
  encodeDiscreteCase,
  randomDiscreteCase,
  sparseDiscreteAnswer,
} from "./facmac-discrete.js";
import { askPytorch, findPytorch, scriptPath } from "./oracle.js";
import { LENGTHS } from "./rules.js";

const read = (name: string) => readFileSync(join(scriptPath("recorded/facmac-discrete"), `${name}.safetensors`));
const recorded = decodeDiscreteCase(read("case"));

describe("what PyTorch said of FACMAC's updates of discrete actions (npx tsx bench/pytorch/record.ts)", () => {
  it.each(recorded.rules.map((rule) => [rule.name, rule] as const))(
    "is what the sparse engine says: %s",
    async (name, rule) => {
      const theirs = decodeContinuousAnswer(read(name));
      const { difference, where } = largestContinuousDifference(await sparseDiscreteAnswer(recorded, rule), theirs);
      expect(difference, where).toBeLessThan(1e-4);
      // Every parameter of actor, critic and mixer has a gradient and moved.
      expect([...theirs.gradients.keys()].sort()).toEqual([...recorded.online.keys()].sort());
      for (const [name, values] of theirs.online) expect(values, name).not.toEqual(recorded.online.get(name));
      // The fast rule clips, the authors' settings do not here.
      for (const norm of theirs.norms) expect(norm > rule.optimiser.gradientClip).toBe(name.endsWith("fast"));
    },
  );

  it("is told from that of other settings", async () => {
    const rule = recorded.rules.find(({ name }) => name.endsWith("fast"))!;
    const theirs = decodeContinuousAnswer(read(rule.name));
    const changes = {
      discount: { discount: 0.98 },
      lambda: { returns: { ...rule.returns, lambda: 0.7 } },
      ...Object.fromEntries(
        Object.entries({
          learningRate: 0.019,
          actorLearningRate: 0.011,
          beta1: 0.9,
          alpha: 0.999,
          gradientClip: 1,
        }).map(([field, value]) => [field, { optimiser: { ...rule.optimiser, [field]: value } }]),
      ),
    };
    for (const [what, change] of Object.entries(changes)) {
      const ours = await sparseDiscreteAnswer(recorded, { ...rule, ...change });
      expect(largestContinuousDifference(ours, theirs).difference, what).toBeGreaterThan(1e-3);
    }
  });

  it("is of a case that writing and reading leave as it is", () => {
    expect(Buffer.from(encodeDiscreteCase(recorded)).equals(read("case"))).toBe(true);
  });
});

const python = await findPytorch();

describe.skipIf(python === undefined)("PyTorch's updates of FACMAC with discrete actions", () => {
  it("are the sparse engine's by every rule", async () => {
    // More episodes than a group has lanes.
    const given = randomDiscreteCase({ density: 0.3, lengths: [...LENGTHS, ...LENGTHS, ...LENGTHS], seed: 7 });
    const answers = askPytorch(python!, given, {
      encode: encodeDiscreteCase,
      decode: decodeContinuousAnswer,
      script: "facmac_discrete.py",
    });
    for (const rule of discreteRules) {
      const { difference, where } = largestContinuousDifference(
        await sparseDiscreteAnswer(given, rule),
        answers.get(rule.name)!,
      );
      expect(difference, `${rule.name}: ${where}`).toBeLessThan(1e-4);
    }
  });
});
