import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { resolveConfig } from "../config.js";
import { createEnvironment } from "../envs/index.js";
import { referenceAgent } from "../networks/reference.js";
import { readRunCheckpoint } from "../runs/store.js";
import { inputConnections, outputConnections } from "../sparse/mask.js";
import { restoreNetworks } from "../training/networks.js";
import { networkPlan } from "../training/plan.js";
import { bestAvailable, createEpisodeRecorder, greedyPolicy } from "../training/rollout.js";
import { cutCurves, winRateWithout, withoutInputs } from "./cut.js";
import { runOne } from "../runs/run.js";
import { playTrained } from "./trained-play.js";

const runs = mkdtempSync(join(tmpdir(), "mast-cut-"));
afterAll(() => rmSync(runs, { recursive: true, force: true }));

const run = await runOne(
  resolveConfig({
    environment: "3m",
    method: "mast",
    sparsity: { level: 0.8 },
    network: { hidden: 16, embed: 8, hypernetEmbed: 8 },
    steps: 400,
    warmup: 50,
    targetInterval: 5,
    topology: { interval: 3 },
    replay: { offlineBatch: 3, onlineBatch: 1 },
    evaluation: { interval: 400, episodes: 2 },
    log: { interval: 100 },
  }),
  { runs },
);
const env = createEnvironment("3m");
const shape = networkPlan(run.config).shape;
const { state } = readRunCheckpoint(run.directory);
const fc1 = state.masks.get("agent.fc1.weight")!;

it.each(["units", "inputs"] as const)("finds the decisions that float64 networks without these %s make", (target) => {
  const engine = restoreNetworks(run.config, state);
  const recorder = createEpisodeRecorder(env),
    policy = greedyPolicy(engine.createActor(1));
  const episodes = [1, 2].map((seed) => recorder.play(policy, seed, seed).episode);
  const parameters = engine.read("online");
  engine.dispose();
  const actions = (values: ReadonlyMap<string, Float32Array>): number[] =>
    episodes.flatMap((episode) => {
      const q = referenceAgent(shape, values, episode);
      return Array.from({ length: episode.length * shape.agents }, (_, row) => {
        const at = row * shape.actions;
        if (episode.availableActions.subarray(at, at + shape.actions).reduce((a, b) => a + b) < 2) return -1;
        return bestAvailable(
          Float32Array.from(q[Math.floor(row / shape.agents)][row % shape.agents]),
          episode.availableActions,
          0,
          at,
          shape.actions,
        );
      });
    });
  const whole = actions(parameters);
  const size = fc1.length / shape.hidden;
  const counts = [
    ...(target === "units"
      ? outputConnections(fc1, [shape.hidden, size])
      : inputConnections(fc1, [shape.hidden, size])),
  ];
  const [weight, columns] = target === "units" ? ["agent.rnn.weight_ih", shape.hidden] : ["agent.fc1.weight", size];
  const least = counts
    .map((count, i) => [count, i] as const)
    .sort(([a, i], [b, j]) => a - b || i - j)
    .map(([, i]) => i);

  const curves = cutCurves(run, target, { battles: 2 });
  expect(curves.map(({ order }) => order)).toEqual(["fewest", "random", "most"]);
  for (const { same } of curves) expect(same[0]).toBe(1);
  for (const [order, dimensions] of [
    ["fewest", least],
    ["most", [...least].reverse()],
  ] as const) {
    const { taken, same } = curves.find((curve) => curve.order === order)!;
    for (const point of [2, 4]) {
      const out = new Set(dimensions.slice(0, taken[point]));
      const cut = new Map(parameters).set(
        weight,
        parameters.get(weight)!.map((value, i) => (out.has(i % columns) ? 0 : value)),
      );
      const now = actions(cut);
      const choices = whole.filter((action) => action >= 0).length;
      expect(same[point], `${order}, ${taken[point]}`).toBeCloseTo(
        now.filter((action, i) => action >= 0 && action === whole[i]).length / choices,
        9,
      );
    }
  }
});

it("plays with what is left, and refuses what is no cut", () => {
  const won = [1001, 1002].filter((seed) => playTrained(run, seed).won).length;
  expect(winRateWithout(run, {}, { battles: 2 })).toBe(won / 2);
  expect(
    winRateWithout(run, { "agent.fc2.weight": new Uint8Array(shape.actions * shape.hidden) }, { battles: 2 }),
  ).toBe(0);
  expect(() => winRateWithout(run, { "agent.fc9.weight": fc1 })).toThrow(
    'no mask "agent.fc9.weight" to cut; there are agent.fc1.weight, ',
  );
  expect(() => winRateWithout(run, { "agent.fc1.weight": fc1.subarray(1) })).toThrow(
    `has ${fc1.length - 1} entries; its mask has ${fc1.length}`,
  );
  expect(() => winRateWithout(run, { "agent.fc1.weight": new Uint8Array(fc1.length).fill(1) })).toThrow(
    "a cut takes connections away",
  );
});

it("takes all connections of an input, and no others", () => {
  expect([...withoutInputs(Uint8Array.of(1, 1, 0, 1, 1, 1), 3, [1, 2])]).toEqual([1, 0, 0, 1, 0, 0]);
});
