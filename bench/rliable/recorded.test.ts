import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { interquartileMean, mean } from "../../src/results/statistics.js";
import { type Answer, type Case, differences, ourAnswer, randomCases, TOLERANCES } from "./case.js";
import { askRliable, findRliable, type RliableAnswers } from "./oracle.js";

const recorded = JSON.parse(readFileSync(new URL("recorded.json", import.meta.url), "utf8")) as {
  readonly versions: RliableAnswers["versions"];
  readonly effort: { readonly resamples: number; readonly ownResamples: number };
  readonly cases: readonly (Case & { readonly answer: Answer })[];
};

describe("what rliable said of the recorded cases (npx tsx bench/rliable/record.ts)", () => {
  it.each(recorded.cases.map((given) => [given.name, given] as const))("is what our statistics say: %s", (_, given) => {
    const found = differences(ourAnswer(given, recorded.effort), given.answer);
    for (const [statistic, tolerance] of Object.entries(TOLERANCES))
      expect(found[statistic as keyof typeof found], statistic).toBeLessThanOrEqual(tolerance);
  });

  it("is told from other definitions", () => {
    const given = recorded.cases.find(({ name }) => name === "three tasks of different scale")!;
    const { x, y, answer } = given;
    expect(interquartileMean(x.flat())).toBeCloseTo(answer.iqm, 9);
    // Trimming within each task, instead of over all of them together, gives another number.
    expect(Math.abs(mean(x.map(interquartileMean)) - answer.iqm) / answer.iqm).toBeGreaterThan(0.5);
    // Drawing without strata does so as well.
    const together = ourAnswer({ ...given, x: [x.flat()], y: [y.flat()] }, { resamples: 1, ownResamples: 2_000 });
    expect(differences(together, answer).ownInterval).toBeGreaterThan(2 * TOLERANCES.ownInterval);
  });

  it("is of the cases that record.ts would ask about now", () => {
    expect(recorded.cases.map(({ answer: _, ...given }) => given)).toEqual(randomCases(1));
  });
});

const python = await findRliable();
if (python === undefined)
  console.warn(
    "skipped: rliable itself (not installed; `npm run bench -- --rliable` installs it); its recorded answers are compared all the same",
  );

it.skipIf(python === undefined)("rliable says it of new cases too", { timeout: 60_000 }, () => {
  const cases = randomCases(7).filter(({ x }) => x.length < 4);
  const effort = { resamples: 20, ownResamples: 1 };
  const { answers } = askRliable(python!, cases, effort);
  cases.forEach((given, i) => {
    const { ownInterval: _, ...found } = differences(ourAnswer(given, effort), answers[i]);
    for (const [statistic, difference] of Object.entries(found))
      expect(difference, `${given.name}: ${statistic}`).toBeLessThanOrEqual(1e-6);
  });
});
