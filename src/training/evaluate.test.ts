import { describe, expect, it } from "vitest";
import { wqmixNetworks } from "../algorithms/wqmix.js";
import { createEnvironment } from "../envs/index.js";
import { initialParameters, type NetworkShape, networkParameters } from "../networks/parameters.js";
import { referenceAgent, referenceMixer } from "../networks/reference.js";
import { createSparseEngine } from "../networks/sparse/engine.js";
import { createRandom } from "../random.js";
import { createEvaluation, type Evaluation } from "./evaluate.js";

const DISCOUNT = 0.9;
const SEEDS = [11, 5, 123_456, 7, 42];

/** Random networks for an environment, whose values lie wide apart; they include central networks on request. */
function networksFor(environment: string, centralEmbed?: number) {
  const { sizes } = createEnvironment(environment);
  const shape: NetworkShape = {
    agents: sizes.agents,
    actions: sizes.actions,
    observation: sizes.observation,
    state: sizes.state,
    hidden: 12,
    embed: 6,
    hypernetEmbed: 8,
    ...(centralEmbed !== undefined && { centralEmbed, networks: wqmixNetworks }),
  };
  const parameters = new Map(
    [...initialParameters(networkParameters(shape), createRandom(21))].map(([name, values]) => [
      name,
      values.map((x) => 3 * x),
    ]),
  );
  const engine = createSparseEngine(shape, parameters, new Map());
  // The target networks play no part in acting.
  engine.write("target", new Map([...parameters].map(([name, values]) => [name, values.map((x) => -x)])));
  return { shape, parameters, engine };
}

const evaluate = (
  environment: string,
  engine: ReturnType<typeof networksFor>["engine"],
  seeds: readonly number[],
  copies: number,
) =>
  createEvaluation(
    engine,
    Array.from({ length: copies }, () => createEnvironment(environment)),
    DISCOUNT,
  )(seeds);

/**
 * Makes the same evaluation in float64: one episode after another, each step's values computed from the whole history
 * before it.
 */
function referenceEvaluation(
  environment: string,
  { shape, parameters }: ReturnType<typeof networksFor>,
  seeds: readonly number[],
): Evaluation {
  const { agents, actions } = shape;
  const env = createEnvironment(environment);
  const totals = { won: 0, episodeReturn: 0, steps: 0, estimated: 0, real: 0 };
  for (const seed of seeds) {
    env.reset(seed);
    const observations: number[] = [];
    const taken: number[] = [];
    const rewards: number[] = [];
    while (!env.ended) {
      observations.push(...env.observations);
      const history = {
        index: 0,
        seed,
        length: rewards.length,
        observations: Float32Array.from(observations),
        states: new Float32Array(0),
        availableActions: new Uint8Array(0),
        actions: Uint8Array.from(taken),
        rewards: new Float32Array(0),
        terminal: true,
      };
      const q = referenceAgent(shape, parameters, history)[rewards.length];
      const joint = q.map((values, i) => {
        const legal = [...values.keys()].filter((a) => env.availableActions[i * actions + a] === 1);
        return legal.reduce((best, a) => (values[a] > values[best] ? a : best));
      });
      totals.estimated += referenceMixer(
        shape,
        parameters,
        env.state,
        joint.map((a, i) => q[i][a]),
      );
      expect(joint).toHaveLength(agents);
      env.step(joint);
      taken.push(...joint);
      rewards.push(env.reward);
    }
    rewards.forEach(
      (_, t) => (totals.real += rewards.slice(t).reduce((sum, reward, k) => sum + DISCOUNT ** k * reward, 0)),
    );
    totals.won += env.won ? 1 : 0;
    totals.episodeReturn += rewards.reduce((a, b) => a + b);
    totals.steps += rewards.length;
  }
  const episodes = seeds.length;
  return {
    episodes,
    winRate: totals.won / episodes,
    episodeReturn: totals.episodeReturn / episodes,
    episodeLength: totals.steps / episodes,
    estimatedValue: totals.estimated / totals.steps,
    trueValue: totals.real / totals.steps,
  };
}

describe("createEvaluation", () => {
  it.each(["two-step", "climbing", "3m"])(
    "plays greedily and compares Q_tot with the returns that follow, as float64 does: %s",
    async (environment) => {
      const networks = networksFor(environment);
      const evaluation = await evaluate(environment, networks.engine, SEEDS, 2);
      const expected = referenceEvaluation(environment, networks, SEEDS);
      expect(Object.keys(evaluation).sort()).toEqual(Object.keys(expected).sort());
      for (const name of Object.keys(expected) as (keyof Evaluation)[])
        expect(evaluation[name], name).toBeCloseTo(expected[name], 4);
      // The two are of one scale, and are two different things.
      expect(Math.abs(evaluation.estimatedValue - evaluation.trueValue)).toBeGreaterThan(0.05);
    },
  );

  it("is the same whichever copy plays which seed, and in whatever order they come", async () => {
    const { engine } = networksFor("3m");
    const alone = await evaluate("3m", engine, SEEDS, 1);
    for (const copies of [2, 3, 5, 8]) expect(await evaluate("3m", engine, SEEDS, copies)).toEqual(alone);
    const reversed = await evaluate("3m", engine, [...SEEDS].reverse(), 2);
    for (const name of Object.keys(alone) as (keyof Evaluation)[])
      expect(reversed[name], name).toBeCloseTo(alone[name], 9);
    expect(await evaluate("3m", engine, [1, 2, 3, 4, 6], 2)).not.toEqual(alone);
  });

  it("can be called again, with nothing left of the evaluation before", async () => {
    const { engine } = networksFor("3m");
    const again = createEvaluation(engine, [createEnvironment("3m"), createEnvironment("3m")], DISCOUNT);
    const first = await again(SEEDS);
    await again([1, 2, 3]);
    expect(await again(SEEDS)).toEqual(first);
  });

  it("is of QMIX's networks also where there are central ones beside them", async () => {
    const plain = networksFor("3m");
    // The parameters of agent and mixer are drawn first, and so are the same.
    const central = networksFor("3m", 10);
    expect(await evaluate("3m", central.engine, SEEDS, 2)).toEqual(await evaluate("3m", plain.engine, SEEDS, 2));
  });
});
