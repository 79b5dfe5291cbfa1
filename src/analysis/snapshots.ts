import { LabError } from "../errors.js";
import { shortSteps } from "../figures/figure.js";
import type { MaskSnapshot } from "../figures/masks.js";
import { readMasks, type StoredRun } from "../runs/store.js";
import { networkPlan } from "../training/plan.js";

/**
 * Reads a run's masks of one weight at `moments` (shares of the training so far), for `maskImage` and
 * `connectionCounts`.
 *
 * @throws {Error} when the run has no such mask, listing the names that exist
 * @example
 * // At the start, after a quarter, half way and at the end, as in the paper's Figure 11.
 * maskSnapshots(run, "agent.fc1.weight");
 */
export function maskSnapshots(
  run: StoredRun,
  weight: string,
  moments: readonly number[] = [0, 0.25, 0.5, 1],
): MaskSnapshot[] {
  const history = readMasks(run.directory);
  const known = [...(history[0]?.masks.keys() ?? [])];
  if (!known.includes(weight))
    throw new LabError(
      `${run.name} has no mask "${weight}"; ${known.length === 0 ? "it has not begun" : `there are ${known.join(", ")}`}`,
    );
  const last = history.at(-1)!.step;
  const chosen = new Set(
    moments.map((moment) =>
      history.reduce((a, b) => (Math.abs(b.step - moment * last) < Math.abs(a.step - moment * last) ? b : a)),
    ),
  );
  const [outputs, inputs] = weightShape(run, weight);
  return [...chosen].map(({ step, masks }) => ({
    label: `step ${shortSteps(Math.round(step / 100) * 100)}`,
    outputs,
    inputs,
    mask: masks.get(weight)!,
  }));
}

function weightShape({ config }: StoredRun, weight: string): [outputs: number, inputs: number] {
  const [outputs, inputs] = networkPlan(config).parameters.find(({ name }) => name === weight)!.shape;
  return [outputs, inputs];
}
