import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { type ConfigInput, resolveConfig } from "../config.js";
import { runOne } from "../runs/run.js";
import { winRateCurve } from "./curves.js";

const runs = mkdtempSync(join(tmpdir(), "mast-curves-"));
afterAll(() => rmSync(runs, { recursive: true, force: true }));

const small = {
  environment: "3m",
  steps: 600,
  warmup: 100,
  targetInterval: 5,
  replay: { offlineBatch: 4, onlineBatch: 2 },
  evaluation: { interval: 200, episodes: 4 },
  log: { interval: 100 },
} satisfies ConfigInput;
const mast = await runOne(resolveConfig({ ...small, method: "mast", topology: { interval: 4 } }), { runs });

it("reads a run's test win rates", () => {
  const { label, steps, values } = winRateCurve(mast);
  expect(label).toBe("MAST");
  expect(steps).toEqual([0, 200, 400, 600]);
  expect([...(values as number[])]).toEqual(mast.summary!.winRates);
});
