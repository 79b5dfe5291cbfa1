import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { decodeAnswer, largestDifference, sparseAnswer } from "./agreement.js";
import { decodeCase, encodeCase } from "./case.js";
import { scriptPath } from "./oracle.js";

const read = (name: string) => readFileSync(join(scriptPath("recorded"), `${name}.safetensors`));
const recorded = decodeCase(read("case"));

describe("what PyTorch said of the recorded case (npx tsx bench/pytorch/record.ts)", () => {
  it.each(recorded.rules.map((rule) => [rule.name, rule] as const))(
    "is what the sparse engine says: %s",
    async (name, rule) => {
      const theirs = decodeAnswer(read(name));
      const { difference, where } = largestDifference(await sparseAnswer(recorded, rule), theirs);
      expect(difference, where).toBeLessThan(1e-4);
      // The case has steps of either weight, and gradients on both sides of the clip.
      if (theirs.weighted !== undefined) expect(theirs.weighted * (1 - theirs.weighted)).toBeGreaterThan(0);
      expect(theirs.norm > rule.optimiser.gradientClip).toBe(rule.masked);
    },
  );

  it("is told from another rule's", async () => {
    const rule = recorded.rules.find(({ name }) => name === "qmix-dense-max")!;
    expect(
      largestDifference(await sparseAnswer(recorded, rule), decodeAnswer(read("qmix-dense-single-q"))).difference,
    ).toBeGreaterThan(1e-3);
  });

  it("is of a case that writing and reading leave as it is", () => {
    expect(Buffer.from(encodeCase(recorded)).equals(read("case"))).toBe(true);
  });
});
