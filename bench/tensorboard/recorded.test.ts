import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { eventFile } from "../../src/runs/tensorboard.js";
import { askTensorboard, BEGAN, type Read, rowsOf } from "./case.js";

const recorded = JSON.parse(readFileSync(new URL("recorded.json", import.meta.url), "utf8")) as Read & {
  readonly sha256: string;
};

/** The columns of metrics.csv by TensorBoard's tag, as site/docs/metrics.md lists them. */
const COLUMNS: Readonly<Record<string, string>> = {
  win_rate: "winRate",
  return: "episodeReturn",
  length: "episodeLength",
  estimated_value: "estimatedValue",
  true_value: "trueValue",
  loss: "loss",
  gradient_norm: "gradientNorm",
  q_total: "qTotal",
  target: "target",
  epsilon: "epsilon",
};

/** Compares what TensorBoard read to the rows that the file was made of. */
function compare({ began, scalars }: Read, seed: number): void {
  const { metrics, timing } = rowsOf(seed);
  expect(began).toBe(BEGAN);
  const read = Object.entries(scalars).flatMap(([tag, events]) => {
    const [kind, name] = tag.split("/");
    return events.map(([step, time, value]) => JSON.stringify([kind, COLUMNS[name], step, time, value]));
  });
  const written = metrics.flatMap((row) =>
    [...new Set(Object.values(COLUMNS))].flatMap((column) => {
      const value = row[column as "loss"];
      const { seconds } = timing.find(({ step }) => step === row.step)!;
      return Number.isNaN(value)
        ? []
        : JSON.stringify([row.kind, column, row.step, BEGAN + seconds, Math.fround(value)]);
    }),
  );
  expect(written.length).toBeGreaterThan(60);
  expect(read.sort()).toEqual(written.sort());
}

it("TensorBoard read every number of an event file, at its step and time (npx tsx bench/tensorboard/record.ts)", () => {
  const { metrics, timing } = rowsOf(1);
  const file = eventFile(metrics, timing, BEGAN);
  // The recorded file is the one that is written now.
  expect(createHash("sha256").update(file).digest("hex")).toBe(recorded.sha256);
  compare(recorded, 1);
});

const python = process.env["MAST_TENSORBOARD_PYTHON"] ?? "python3";
const there = spawnSync(python, ["-c", "import tensorboard"]).status === 0;
if (!there)
  console.warn(
    "skipped: TensorBoard itself (MAST_TENSORBOARD_PYTHON names a Python that has it); what it read once is compared all the same",
  );

it.skipIf(!there)("TensorBoard reads another one too", { timeout: 60_000 }, () => {
  const { metrics, timing } = rowsOf(2);
  compare(askTensorboard(python, eventFile(metrics, timing, BEGAN)), 2);
});
