import { describe, expect, it } from "vitest";
import { completeRun } from "../runs/fixtures.js";
import type { StoredRun } from "../runs/store.js";
import { enginePairs, engines } from "./engines.js";

type Evaluation = readonly [winRate: number, estimatedValue: number];

/** Runs of one seed on both engines, evaluated at step 0, 100, ...; the tensorflow run comes first. */
function pair(seed: number, sparse: readonly Evaluation[], tensorflow: readonly Evaluation[]): StoredRun[] {
  const runs = engines.configs("smoke", seed).filter((config) => config.seed === seed);
  return runs.map((config) => {
    const evaluations = config.engine === "sparse" ? sparse : tensorflow;
    const metrics = evaluations.map(([winRate, estimatedValue], i) => ({
      kind: "evaluation",
      step: 100 * i,
      episode: 4 * i,
      update: NaN,
      winRate,
      episodeReturn: 20 * winRate,
      estimatedValue,
    }));
    return {
      ...completeRun(
        config,
        evaluations.map(([winRate]) => winRate),
      ),
      metrics,
    } as unknown as StoredRun;
  });
}

describe("the experiment engines", () => {
  it("trains the same runs on both engines, on the backend that is asked for", () => {
    const configs = engines.configs("classroom", 2, { backend: "cpu", sparsity: { level: 0.9 } });
    expect(configs.map(({ engine, backend, seed }) => [engine, backend, seed])).toEqual([
      ["tensorflow", "cpu", 1],
      ["tensorflow", "cpu", 2],
      ["sparse", undefined, 1],
      ["sparse", undefined, 2],
    ]);
    for (const i of [0, 1]) {
      const { engine: _, backend: __, ...tensorflow } = configs[i];
      const { engine: ___, ...sparse } = configs[i + 2];
      expect(tensorflow).toEqual(sparse);
      expect(sparse.sparsity.level).toBe(0.9);
    }
    // What `mast experiment run engines --engine tensorflow` asks for is no reason to train one engine twice.
    expect(engines.configs("classroom", 1, { engine: "tensorflow" }).map(({ engine }) => engine)).toEqual([
      "tensorflow",
      "sparse",
    ]);
  });

  it("says up to which step both played alike, whatever their values say", () => {
    const runs = [
      ...pair(
        1,
        [
          [0, 1],
          [0.5, 2],
          [1, 4],
          [1, 8],
        ],
        [
          [0, 1],
          [0.5, 2.5],
          [0.75, 4],
          [1, 9],
        ],
      ),
      ...pair(
        2,
        [
          [0, -1],
          [0.5, 2],
        ],
        [
          [0, -1],
          [0.5, 2],
        ],
      ),
      ...pair(3, [[0, 1]], [[1, 1]]),
    ];
    expect(enginePairs(runs).map(({ seed, samePlay, apart }) => [seed, samePlay, apart])).toEqual([
      [1, 100, [0, 0.25, 0, 0.125]],
      [2, 100, [0, 0]],
      [3, 0, [0]],
    ]);
    const { table, figure, more } = engines.reduce(runs);
    expect(table.rows.map((row) => row.slice(0, 4))).toEqual([
      ["1", "100", "3e-1", "1e-1"],
      ["2", "100", "0e+0", "0e+0"],
      ["3", "0", "0e+0", "0e+0"],
    ]);
    expect(figure.data).toHaveLength(6);
    expect(Object.keys(more!)).toEqual(["win-rate", "apart"]);
  });

  it("names a seed that was trained on one engine only", () => {
    const runs = [...pair(1, [[0, 1]], [[0, 1]]), ...pair(2, [[0, 1]], [[0, 1]]).slice(1)];
    expect(() => engines.reduce(runs)).toThrow(
      "Seed 2 has 0 runs with the tensorflow engine; to be compared, it needs one with each engine.",
    );
  });
});
