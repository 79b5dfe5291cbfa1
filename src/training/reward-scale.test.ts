import { describe, expect, it } from "vitest";
import { resolveConfig } from "../config.js";
import type { GivenEnvironment } from "../envs/environment.js";
import { createEnvironment } from "../envs/index.js";
import { registerParts } from "../parts/registry.js";
import { collect, combination, recordText, withoutCheckpoints } from "./fixtures.js";
import type { CheckpointRecord, TrainingRecord } from "./records.js";
import { train } from "./train.js";

/** The two-step game that pays four times as much. */
function quadruple(): GivenEnvironment {
  const env = createEnvironment("two-step");
  return new Proxy(env as unknown as GivenEnvironment, {
    get: (target, key) => (key === "reward" ? 4 * target.reward : Reflect.get(target, key)),
  });
}
registerParts({ environments: { quadruple: { create: quadruple } } });

/** Takes from the records of a run what it learned, and what people read of its rewards and values, times `factor`. */
const learned = (records: readonly TrainingRecord[], factor: number) =>
  records.flatMap<unknown>((record) => {
    if (record.kind === "end")
      return [recordText({ ...record, score: 0, state: { ...record.state, progress: null! } })];
    if (record.kind === "train") return [[record.step, record.loss, record.qTotal, factor * record.episodeReturn]];
    if (record.kind !== "evaluation") return [];
    const { episodeReturn, estimatedValue, trueValue } = record;
    return [[episodeReturn, estimatedValue, trueValue].map((value) => factor * value)];
  });

describe("rewardScale", () => {
  it.each([
    ["qmix", "mast"],
    ["res", "rigl"],
    ["ow-qmix", "dense"],
  ])(
    "of %s with %s learns what rewards of that size teach, and reports the environment's own",
    async (algorithm, method) => {
      const input = combination(algorithm, method);
      const scaled = await collect({ ...input, rewardScale: 4 });
      const larger = await collect({ ...input, environment: "quadruple" });
      // A power of two changes no bit of what it multiplies.
      expect(learned(scaled, 4)).toEqual(learned(larger, 1));
      expect(scaled.some((record) => record.kind === "evaluation" && record.episodeReturn >= 7)).toBe(true);
    },
  );

  it("holds for episodes that a resumed run plays again", async () => {
    const config = resolveConfig({ ...combination("qmix", "mast"), rewardScale: 4 });
    const whole = await collect(config);
    const stop = new AbortController();
    const before: TrainingRecord[] = [];
    for await (const record of train(config, { signal: stop.signal })) {
      before.push(record);
      if (record.kind === "evaluation" && record.step === 100) stop.abort();
    }
    const { state } = before.at(-1) as CheckpointRecord;
    const after = await collect(config, { resume: state });
    expect(withoutCheckpoints([...before, ...after]).map(recordText)).toEqual(
      withoutCheckpoints(whole).map(recordText),
    );
  });

  it("of 1 is a run without it, and 0 is refused", () => {
    expect(resolveConfig({ rewardScale: 1 })).toEqual(resolveConfig({}));
    expect(resolveConfig({ rewardScale: 20 }).rewardScale).toBe(20);
    expect(() => resolveConfig({ rewardScale: 0 })).toThrow("config: rewardScale is 0; allowed: a number above 0");
  });
});
