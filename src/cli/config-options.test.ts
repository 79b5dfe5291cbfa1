import { describe, expect, it } from "vitest";
import { configFrom } from "./config-options.js";

describe("--short", () => {
  it("shortens the paper's times, and yields to whatever else is given", () => {
    const config = configFrom({ short: true, steps: "300000", environment: "2s3z", set: ["operator.alpha=5", "replay.onlineCapacity=64"] });
    expect(config).toMatchObject({
      environment: "2s3z",
      steps: 300_000,
      warmup: 0,
      targetInterval: 100,
      exploration: { start: 1, end: 0.05, anneal: 30_000 },
      replay: { offlineCapacity: 2_000, onlineCapacity: 64, offlineBatch: 20, onlineBatch: 12 },
      returns: { kind: "td-lambda", burnIn: 40_000 },
      operator: { kind: "soft-mellowmax", alpha: 5, omega: 10 },
      evaluation: { interval: 5_000, window: 6 },
    });
  });

  it("leaves the baselines their targets and buffers", () => {
    expect(configFrom({ short: true, steps: "100000", method: "rigl", set: [] })).toMatchObject({
      operator: { kind: "max" },
      returns: { kind: "one-step" },
      replay: { offlineBatch: 32, onlineBatch: 0 },
    });
  });

  it("is refused without a budget", () => {
    expect(() => configFrom({ short: true, set: [] })).toThrow("--short needs a budget: give --steps");
  });
});
