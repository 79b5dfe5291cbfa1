import { environmentOf } from "../envs/index.js";
import { playEpisodes } from "../envs/play.js";
import type { Engine } from "../networks/engine.js";
import { createRandom } from "../random.js";
import { type EpisodeGroup, groupEpisodes } from "../replay/group.js";
import { readRunCheckpoint, type StoredRun } from "../runs/store.js";
import { chooseIndices, countNonzeros, inputConnections, outputConnections } from "../sparse/mask.js";
import { greedyActions } from "../targets/actions.js";
import { restoreNetworks } from "../training/networks.js";
import { createEpisodeRecorder, greedyPolicy } from "../training/rollout.js";

/** The parts that are removed from the agent network: units of its first layer, or inputs. */
export type CutTarget = "units" | "inputs";

/** Which dimensions are removed first; "random", the reference, draws them by chance. */
export const CUT_ORDERS = ["fewest", "random", "most"] as const;

export type CutOrder = (typeof CUT_ORDERS)[number];

/** The share of a team's decisions that stay the same as more and more is removed from its network. */
export interface CutCurve {
  /** Which dimensions were removed first: those with the fewest connections, those with the most, or random ones. */
  readonly order: CutOrder;
  /** Numbers of dimensions removed: none, an eighth, a quarter, half, three quarters. */
  readonly taken: readonly number[];
  /** Share of the decisions that are still the same, 0..1. As long as `taken`. */
  readonly same: readonly number[];
}

/**
 * Measures which units or inputs a trained team can do without: units of the agents' first layer, or inputs, are
 * removed from its network in the order of their numbers of connections, and the decisions of its battles are made
 * again (section B.11: "certain output dimensions can be omitted while preserving the necessity of each input
 * dimension"). Nothing is trained further, and the agents' observations stay those of battles played with the whole
 * network.
 *
 * @returns a curve for each order
 * @throws {RunError} when the run has no checkpoint yet
 * @example const [fewest, random, most] = cutCurves(run, "units");
 */
export function cutCurves(
  { config, directory }: StoredRun,
  target: CutTarget,
  {
    battles = 32,
  }: {
    /** The number of battles, with seeds 1, 2, ... */
    readonly battles?: number;
  } = {},
): CutCurve[] {
  const { state } = readRunCheckpoint(directory);
  const env = environmentOf(config);
  const engine = restoreNetworks(config, state);
  try {
    const policy = greedyPolicy(engine.createActor(1));
    const recorder = createEpisodeRecorder(env);
    const groups = groupEpisodes(
      Array.from({ length: battles }, (_, i) => recorder.play(policy, i + 1, i).episode),
      env.sizes,
    );
    const whole = decisions(engine, groups);

    const fc1 = state.masks.get("agent.fc1.weight")!;
    const { hidden } = engine.shape;
    const shape = [hidden, fc1.length / hidden];
    const counts = target === "units" ? outputConnections(fc1, shape) : inputConnections(fc1, shape);
    // A unit of the first layer is an input of the GRU.
    const weight = target === "units" ? "agent.rnn.weight_ih" : "agent.fc1.weight";
    const mask = state.masks.get(weight)!;
    const parameters = engine.read("online");
    const without = (dimensions: Iterable<number>): number => {
      engine.setMask(weight, withoutInputs(mask, counts.length, dimensions));
      const now = decisions(engine, groups);
      engine.setMask(weight, mask);
      engine.write("online", parameters);
      return now.filter((action, i) => action === whole[i]).length / whole.length;
    };
    const taken = [0, 1, 2, 4, 6].map((eighths) => Math.round((eighths * counts.length) / 8));
    return cutOrders(counts, config.seed).map(([order, dimensions]) => ({
      order,
      taken,
      same: taken.map((number) => without(dimensions.slice(0, number))),
    }));
  } finally {
    engine.dispose();
  }
}

/** Orders dimensions by their numbers of connections, in the three ways. */
function cutOrders(counts: Int32Array, seed: number): [CutOrder, number[]][] {
  const fewest = Array.from(counts, (_, i) => i).sort((a, b) => counts[a] - counts[b] || a - b);
  return [
    ["fewest", fewest],
    ["random", [...chooseIndices(counts.length, counts.length, createRandom(seed))]],
    ["most", [...fewest].reverse()],
  ];
}

/** Lists the greedy actions of the agents that had a choice, over some episodes. */
function decisions(engine: Engine<true>, groups: readonly EpisodeGroup[]): number[] {
  return groups.flatMap((group) => {
    engine.load(group);
    const greedy = greedyActions(engine.networks.agent.forward("online"), group);
    const { agents } = group;
    const actions: number[] = [];
    group.episodes.forEach(({ length, availableActions }, lane) => {
      for (let row = 0; row < length * agents; row++) {
        if (countNonzeros(availableActions.subarray(row * group.actionCount, (row + 1) * group.actionCount)) > 1)
          actions.push(greedy[row * group.lanes + lane]);
      }
    });
    return actions;
  });
}

/**
 * Copies a mask without the connections of some of its inputs.
 *
 * @param mask [out, inputs]
 * @example
 * withoutInputs(Uint8Array.of(1, 1, 0, 1), 2, [1]); // [1, 0, 0, 0]
 */
export function withoutInputs(mask: Uint8Array, inputs: number, dimensions: Iterable<number>): Uint8Array {
  const cut = mask.slice();
  for (const dimension of dimensions) for (let i = dimension; i < cut.length; i += inputs) cut[i] = 0;
  return cut;
}

/**
 * Plays battles greedily with connections cut out of a trained team's networks, without training it further.
 *
 * @param cut masks [out, in] by weight name that replace those of the run
 * @returns the share of battles won, 0..1
 * @throws {Error} when a weight does not exist, or its mask has another size or a connection that the run's mask lacks
 * @example
 * winRateWithout(run, { "agent.fc1.weight": new Uint8Array(64 * 96) }); // a blind team on 2s3z
 */
export function winRateWithout(
  { config, directory }: StoredRun,
  cut: Readonly<Record<string, Uint8Array>>,
  {
    battles = 32,
  }: {
    /** Number of battles, with seeds 1001, 1002, ... */
    readonly battles?: number;
  } = {},
): number {
  const { state } = readRunCheckpoint(directory);
  for (const [weight, mask] of Object.entries(cut)) {
    const trained = state.masks.get(weight);
    if (trained === undefined)
      throw new Error(`There is no mask "${weight}" to cut; there are ${[...state.masks.keys()].join(", ")}.`);
    if (mask.length !== trained.length)
      throw new Error(`The cut of ${weight} has ${mask.length} entries; its mask has ${trained.length}.`);
    if (mask.some((bit, i) => bit > trained[i]))
      throw new Error(
        `The cut of ${weight} has connections that the run lacks: a cut takes connections away, so set entries of its mask to 0.`,
      );
  }
  const env = environmentOf(config);
  const engine = restoreNetworks(config, state);
  try {
    for (const [weight, mask] of Object.entries(cut)) engine.setMask(weight, mask);
    return playEpisodes(env, greedyPolicy(engine.createActor(1)), { episodes: battles, seed: 1001 }).winRate;
  } finally {
    engine.dispose();
  }
}
