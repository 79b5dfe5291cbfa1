import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createEnvironment } from "../envs/index.js";
import { initialParameters, networkParameters } from "../networks/parameters.js";
import { createSparseEngine } from "../networks/sparse/engine.js";
import { createRandom } from "../random.js";
import { groupEpisodes } from "../replay/group.js";
import { chosenValues } from "../targets/actions.js";
import { createEpisodeRecorder } from "../training/rollout.js";
import { runOne } from "../runs/run.js";
import { optimalTwoStepValues, twoStepSparse, twoStepValues } from "./two-step.js";

describe("the two-step game's values", () => {
  it("are those of Rashid et al. for optimal play", () => {
    expect(optimalTwoStepValues(1)).toEqual({ first: [7, 7, 8, 8], gameA: [7, 7, 7, 7], gameB: [0, 1, 1, 8] });
    expect(optimalTwoStepValues(0.99).first).toEqual([6.93, 6.93, 7.92, 7.92]);
  });

  it("are read from networks play by play, with means over what agent 1 did first", () => {
    const { sizes } = createEnvironment("two-step");
    const shape = { ...sizes, hidden: 6, embed: 4, hypernetEmbed: 5 };
    const engine = createSparseEngine(shape, initialParameters(networkParameters(shape), createRandom(1)), new Map());
    const recorder = createEpisodeRecorder(createEnvironment("two-step"));
    // Plays one episode at a time and returns Q_tot of both steps.
    const alone = (first: number[], second: number[]): [number, number] => {
      recorder.begin(0);
      recorder.step(Uint8Array.from(first));
      recorder.step(Uint8Array.from(second));
      const [group] = groupEpisodes([recorder.finish(0).episode], sizes);
      engine.load(group);
      const totals = engine.networks.mixer.forward(
        "online",
        chosenValues(engine.networks.agent.forward("online"), group),
        0,
      );
      return [totals[0], totals[group.lanes]];
    };
    const { first, gameA, gameB } = twoStepValues(engine);
    const joint = [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ];
    joint.forEach((actions, j) => {
      expect(first[j]).toBeCloseTo(alone(actions, [0, 0])[0], 5);
      expect(gameA[j]).toBeCloseTo((alone([0, 0], actions)[1] + alone([0, 1], actions)[1]) / 2, 5);
      expect(gameB[j]).toBeCloseTo((alone([1, 0], actions)[1] + alone([1, 1], actions)[1]) / 2, 5);
    });
    expect(new Set([...first, ...gameA, ...gameB].map((value) => value.toFixed(4))).size).toBe(12);
  });
});

describe("the sparse two-step game", () => {
  it("trains four methods that differ in their topology alone", () => {
    const configs = twoStepSparse.configs("classroom", 2, { sparsity: { level: 0.9 } });
    expect(
      configs.map(({ method, seed, sparsity, topology }) => [method, seed, sparsity.level, topology.grow]),
    ).toEqual([
      ["dense", 1, 0, "none"],
      ["dense", 2, 0, "none"],
      ["ss", 1, 0.9, "none"],
      ["ss", 2, 0.9, "none"],
      ["set", 1, 0.9, "random"],
      ["set", 2, 0.9, "random"],
      ["rigl", 1, 0.9, "gradient"],
      ["rigl", 2, 0.9, "gradient"],
    ]);
    for (const { returns, operator, replay } of configs)
      expect({ returns, operator, replay }).toEqual({
        returns: configs[0].returns,
        operator: configs[0].operator,
        replay: configs[0].replay,
      });
  });

  it("reduces to the learned values beside the known ones", async () => {
    const runs = mkdtempSync(join(tmpdir(), "mast-two-step-"));
    try {
      const trained = [];
      for (const config of twoStepSparse.configs("smoke", 1)) trained.push(await runOne(config, { runs }));
      const { table, figure } = twoStepSparse.reduce(trained);
      expect(table.rows.map(([name]) => name)).toEqual(["Optimal play", "Dense", "SS", "SET", "RigL"]);
      expect(table.rows[0].slice(1, 8)).toEqual(["6.93", "7.92", "7.00", "0.00", "1.00", "1.00", "8.00"]);
      expect(table.rows[1].at(-1)).toMatch(/^[01] of 1$/);
      expect(figure.data.map((trace) => trace["name"])).toEqual(["Truth", "Dense", "SS", "SET", "RigL"]);
    } finally {
      rmSync(runs, { recursive: true, force: true });
    }
  });
});
