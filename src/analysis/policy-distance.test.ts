import { describe, expect, it } from "vitest";
import { type ConfigInput, mergeConfig, resolveConfig } from "../config.js";
import { createEnvironment } from "../envs/index.js";
import { policyChange } from "../replay/distance.js";
import { createDualBuffer } from "../replay/dual.js";
import { groupEpisodes } from "../replay/group.js";
import { policyDrift, shareChanged, shareExplored } from "../replay/stored-choices.js";
import { greedyActions } from "../targets/actions.js";
import { restoreNetworks } from "../training/networks.js";
import type { TrainingRecord } from "../training/records.js";
import { createEpisodeRecorder } from "../training/rollout.js";
import { replayEpisodes } from "../training/state.js";
import { train } from "../training/train.js";
import { SMOKE } from "../experiments/ablation.js";
import { batchChoices, followDistances, offlineChoices, onlineChoices } from "./policy-distance.js";

const config = (input: ConfigInput) =>
  resolveConfig(mergeConfig({ ...SMOKE, method: "mast", sparsity: { level: 0.9 } }, input));

/** Without an update the policy is always the one that played. */
const unchanged: ConfigInput = { steps: 1_500, warmup: 10_000, evaluation: { interval: 1_500 } };

describe("followDistances", () => {
  it("finds no distance where nothing was explored and the policy never changed", async () => {
    const still = config({ ...unchanged, exploration: { start: 0, end: 0 } });
    const moments = await followDistances(still, [500, 1_500]);
    expect(moments.map(({ step }) => step >= 500)).toEqual([true, true]);
    for (const moment of moments) {
      expect(offlineChoices(moment)).toMatchObject({ episodes: moment.episode, changed: 0, explored: 0 });
      expect(offlineChoices(moment).decisions).toBeGreaterThan(500);
    }
  });

  it("finds the distance that exploration makes where the policy never changed", async () => {
    const exploring = config({ ...unchanged, exploration: { start: 0.8, end: 0.2, anneal: 1_000 } });
    const [moment] = await followDistances(exploring, [1_500]);
    const all = offlineChoices(moment);
    // Epsilon falls from 0.8 to 0.2 over the first 1,000 of 1,500 steps; its mean is 0.4, and agents have up to 9
    // actions.
    expect(shareExplored(all)).toBeGreaterThan(0.4 * (1 / 2));
    expect(shareExplored(all)).toBeLessThan(0.4 * (8 / 9));
    // There are some 3,000 choices, and the share lies within three standard deviations.
    expect(Math.abs(shareChanged(all) - shareExplored(all))).toBeLessThan(0.03);
    expect(Math.abs(policyDrift(all))).toBeLessThan(0.05);
    // The newest episodes were explored less.
    expect(shareExplored(moment.blocks[0])).toBeLessThan(shareExplored(moment.blocks.at(-1)!));
  });

  it("leaves the run as it is, bit for bit", async () => {
    const run = config({ seed: 3 });
    let end: TrainingRecord | undefined;
    for await (const record of train(run)) end = record;
    if (end?.kind !== "end") throw new Error("the run did not end");
    const moments = await followDistances(run, [200, run.steps]);
    expect(moments[1]).toMatchObject({ step: end.step, episode: end.episode });

    // The measurement at the end is what the state of the untouched run gives.
    const env = createEnvironment(run.environment);
    const buffers = createDualBuffer(run.replay);
    await replayEpisodes(buffers, createEpisodeRecorder(env), end.state.replay, run);
    const engine = restoreNetworks(run, end.state);
    const all = { decisions: 0, changed: 0 };
    for (const group of groupEpisodes(buffers.offline.episodes(), env.sizes)) {
      engine.load(group);
      const { decisions, changed } = policyChange(greedyActions(engine.networks.agent.forward("online"), group), group);
      all.decisions += decisions;
      all.changed += changed;
    }
    engine.dispose();
    expect(offlineChoices(moments[1])).toMatchObject(all);
    expect(all.changed).toBeGreaterThan(0);
  });

  it("cuts by age: the online buffer is the newest, and no more is kept than the offline buffer holds", async () => {
    const small = config({
      ...unchanged,
      replay: { offlineCapacity: 40, onlineCapacity: 20, offlineBatch: 8, onlineBatch: 8 },
    });
    const [moment] = await followDistances(small, [1_500]);
    expect(moment.episode).toBeGreaterThan(40);
    expect(moment.blocks.map(({ age, episodes }) => [age, episodes])).toEqual([
      [0, 16],
      [16, 4],
      [20, 16],
      [36, 4],
    ]);
    expect(onlineChoices(moment, small).episodes).toBe(20);
    expect(batchChoices(moment, small).episodes).toBe(16);
    const [old, recent] = [offlineChoices(moment), onlineChoices(moment, small)];
    expect(batchChoices(moment, small).decisions).toBeCloseTo(
      8 * (old.decisions / 40) + 8 * (recent.decisions / 20),
      9,
    );
  });

  it("stops with the signal's reason", async () => {
    await expect(
      followDistances(config({}), [600], { signal: AbortSignal.abort(new Error("enough")) }),
    ).rejects.toThrow("enough");
  });
});
