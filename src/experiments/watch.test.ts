import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { type ConfigInput, resolveConfig } from "../config.js";
import { runOne } from "../runs/run.js";
import type { Measured, Measurement } from "./experiment.js";
import { watchMeasurement, watchRuns } from "./watch.js";

const runs = mkdtempSync(join(tmpdir(), "mast-watch-"));
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

it("returns what is complete without training it again, and names what failed", async () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  const [again] = await watchRuns([mast.config], { runs, title: "3m" });
  expect(again.summary!.finished).toBe(mast.summary!.finished);
  expect(log).toHaveBeenCalledWith(expect.stringMatching(/^3m: Test win rate at the end: MAST/));
  const diverging = resolveConfig({ ...small, method: "mast", optimiser: { learningRate: 1e30 } });
  await expect(watchRuns([diverging], { runs })).rejects.toThrow(/^1 of 1 runs failed: MAST: .*is not finite/);
  log.mockRestore();
});

describe("watchMeasurement", () => {
  const measured = { rows: [] } as unknown as Measured;
  const measurement = (measure: Measurement["measure"]): Measurement => ({
    id: "clock",
    title: "Clock",
    about: "",
    profile: "smoke",
    measure,
  });

  it("returns what was measured, in the profile that was asked for", async () => {
    const measure = vi.fn<Measurement["measure"]>().mockResolvedValue(measured);
    expect(await watchMeasurement(measurement(measure), "paper")).toBe(measured);
    expect(measure.mock.calls[0][0]).toBe("paper");
  });

  it("stops at an interrupt, and says so in a line", async () => {
    const stopped = watchMeasurement(
      measurement(
        (_, { signal } = {}) =>
          new Promise((_resolve, reject) => signal!.addEventListener("abort", () => reject(signal!.reason as Error))),
      ),
      "smoke",
    );
    await new Promise((resolve) => setImmediate(resolve));
    process.listeners("SIGINT").at(-1)!("SIGINT");
    await expect(stopped).rejects.toThrow(
      "Clock: stopped before it had measured everything. Run it again to measure anew.",
    );
  });

  it("passes on why a measurement failed", async () => {
    await expect(
      watchMeasurement(
        measurement(() => Promise.reject(new Error("no clock"))),
        "smoke",
      ),
    ).rejects.toThrow("no clock");
  });
});
