import type { Benchmark, Effort, Row } from "./measure.js";
import { differences, ourAnswer, randomCases, TOLERANCES } from "./rliable/case.js";
import { askRliable, ensureRliable } from "./rliable/oracle.js";

/** Compares our statistics with rliable's: not their speed, but their values. */
export const rliableChecks: readonly Benchmark[] = [{ name: "statistics against rliable", run: compare }];

const ROWS = {
  mean: "mean: largest relative difference",
  iqm: "interquartile mean: largest relative difference",
  improvement: "probability of improvement: largest relative difference",
  intervals: "95 % and 90 % intervals from the same draws: largest relative difference",
  ownInterval: "intervals of the IQM, each from its own draws: furthest apart, over the interval's width",
} as const satisfies Record<keyof typeof TOLERANCES, string>;

async function compare({ quick }: Effort): Promise<Row[]> {
  const python = await ensureRliable();
  const effort = { resamples: quick ? 100 : 500, ownResamples: 20_000 };
  // These cases differ from the recorded ones.
  const cases = randomCases(101);
  const { versions, answers } = askRliable(python, cases, effort);
  const found = cases.map((given, i) => differences(ourAnswer(given, effort), answers[i]));
  return (Object.keys(ROWS) as (keyof typeof ROWS)[]).map((statistic) => {
    const [worst, furthest] = found
      .map((difference, i) => [cases[i].name, difference[statistic]] as const)
      .sort((a, b) => b[1] - a[1])[0];
    if (!(furthest <= TOLERANCES[statistic]))
      throw new Error(
        `bench: our statistics and those of rliable ${versions.rliable} differ, ${ROWS[statistic]} ${furthest.toPrecision(3)} (${worst}), above ${TOLERANCES[statistic]}`,
      );
    return { name: ROWS[statistic], value: furthest, unit: "" };
  });
}
