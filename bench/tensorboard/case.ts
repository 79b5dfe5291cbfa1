import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRandom } from "../../src/random.js";
import type { MetricsRow, TimingRow } from "../../src/runs/metrics.js";

/** What TensorBoard reads of an event file: by tag step, seconds since 1970 and value of each event. */
export interface Read {
  readonly tensorboard: string;
  readonly began: number;
  readonly scalars: Readonly<Record<string, readonly (readonly [step: number, time: number, value: number])[]>>;
}

/** When the run of the case began, seconds since 1970. */
export const BEGAN = 1_800_000_000;

/** Rows of a run as train.ts writes them, with large and small, negative and missing values. */
export function rowsOf(seed: number): { readonly metrics: MetricsRow[]; readonly timing: TimingRow[] } {
  const random = createRandom(seed);
  const number = (scale: number): number => scale * (random.below(2_000_001) / 1e6 - 1);
  const metrics: MetricsRow[] = [];
  const timing: TimingRow[] = [];
  for (let i = 0; i < 12; i++) {
    const step = 2_000_003 * i + random.below(5);
    const missing = i === 0 ? NaN : undefined;
    const shared = {
      step,
      episode: 50 * i,
      update: 40 * i,
      episodeReturn: number(20),
      episodeLength: 60,
      winRate: i / 16,
    };
    const trained = {
      epsilon: 1 - i / 20,
      loss: missing ?? Math.abs(number(1e-7)),
      gradientNorm: missing ?? Math.abs(number(1e9)),
      qTotal: missing ?? number(3),
      target: missing ?? number(3),
    };
    const without = { epsilon: NaN, loss: NaN, gradientNorm: NaN, qTotal: NaN, target: NaN };
    const none = { episodes: NaN, estimatedValue: NaN, trueValue: NaN };
    metrics.push(
      i % 3 === 0
        ? { kind: "evaluation", ...shared, ...without, episodes: 32, estimatedValue: number(5), trueValue: number(5) }
        : { kind: "train", ...shared, ...trained, ...none },
    );
    timing.push({ step, seconds: 10.5 * i, stepsPerSecond: 5000 });
  }
  return { metrics, timing };
}

/**
 * What TensorBoard reads of an event file.
 * @param python a Python that has TensorBoard
 * @throws {Error} with what Python said
 */
export function askTensorboard(python: string, file: Uint8Array): Read {
  const folder = mkdtempSync(join(tmpdir(), "mast-tensorboard-"));
  try {
    writeFileSync(join(folder, "events.out.tfevents.0.mast-lab"), file);
    const { status, stdout, stderr, error } = spawnSync(
      python,
      [fileURLToPath(new URL("read.py", import.meta.url)), folder],
      { encoding: "utf8" },
    );
    if (status !== 0)
      throw new Error(`bench: TensorBoard's read.py failed: ${error?.message ?? stderr.trim().split("\n").at(-1)}`);
    return JSON.parse(stdout) as Read;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
