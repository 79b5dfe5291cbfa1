import type * as tfjs from "@tensorflow/tfjs";
import type { EpisodeGroup } from "../../replay/group.js";
import type { NetworkShape } from "../parameters.js";
import type { AgentInputs } from "./agent.js";
import type { Tensorflow } from "../../host.js";

/** The loaded groups of several runs on the device, padded to the longest and widest of them. */
export interface Batch {
  /** Steps of the longest episode. */
  readonly steps: number;
  readonly lanes: number;
  readonly inputs: AgentInputs;
  /** States, with a row for each lane of each step, as the mixers need them: [runs, (steps + 1) * lanes, state]. */
  readonly states: tfjs.Tensor3D;
  /** The agents' actions, -1 in padding, int32: [runs, steps + 1, agents, lanes]. */
  readonly actions: tfjs.Tensor4D;
  dispose(): void;
}

/** Uploads a group of each run. Padding is zeros; its results are finite and are not used. */
export function uploadBatch(
  tf: Tensorflow,
  { agents, observation, state }: NetworkShape,
  groups: readonly EpisodeGroup[],
): Batch {
  const runs = groups.length;
  const { steps, lanes } = extent(groups);
  const observations = new Float32Array(runs * lanes * (steps + 1) * agents * observation);
  const states = new Float32Array(runs * lanes * (steps + 1) * state);
  const lastActions = new Int32Array(runs * lanes * (steps + 1) * agents).fill(-1);
  const actions = new Int32Array(runs * (steps + 1) * agents * lanes).fill(-1);
  groups.forEach(({ episodes }, run) =>
    episodes.forEach((episode, lane) => {
      const at = (run * lanes + lane) * (steps + 1);
      observations.set(episode.observations, at * agents * observation);
      for (let t = 0; t <= episode.length; t++) {
        states.set(
          episode.states.subarray(t * state, (t + 1) * state),
          ((run * (steps + 1) + t) * lanes + lane) * state,
        );
      }
      lastActions.set(episode.actions, (at + 1) * agents);
      episode.actions.forEach((action, i) => (actions[(run * (steps + 1) * agents + i) * lanes + lane] = action));
    }),
  );
  const inputs = {
    observations: tf.tensor5d(observations, [runs, lanes, steps + 1, agents, observation]),
    lastActions: tf.tensor4d(lastActions, [runs, lanes, steps + 1, agents], "int32"),
  };
  const batch = {
    steps,
    lanes,
    inputs,
    states: tf.tensor3d(states, [runs, (steps + 1) * lanes, state]),
    actions: tf.tensor4d(actions, [runs, steps + 1, agents, lanes], "int32"),
  };
  return {
    ...batch,
    dispose: () => tf.dispose([inputs.observations, inputs.lastActions, batch.states, batch.actions]),
  };
}

/** Computes the steps of the longest group and the lanes of the widest. */
function extent(groups: readonly EpisodeGroup[]): { steps: number; lanes: number } {
  return { steps: Math.max(...groups.map(({ steps }) => steps)), lanes: Math.max(...groups.map(({ lanes }) => lanes)) };
}

/**
 * Copies arrays of several runs, each [steps of its group, features, lanes of its group], into one [runs, steps,
 * features, lanes], padded with zeros.
 *
 * @param steps number of steps of the result, at least that of every group
 */
export function joinRuns(
  arrays: readonly Float32Array[],
  groups: readonly EpisodeGroup[],
  features: number,
  steps: number,
  lanes: number,
): Float32Array {
  const joined = new Float32Array(groups.length * steps * features * lanes);
  arrays.forEach((array, run) => {
    const own = groups[run].lanes;
    const start = run * steps * features * lanes;
    if (own === lanes) return joined.set(array, start);
    for (let row = 0; row * own < array.length; row++)
      joined.set(array.subarray(row * own, (row + 1) * own), start + row * lanes);
  });
  return joined;
}

/**
 * Splits [runs, steps, features, lanes] into each run's part, with the number of steps that `stepsOf` returns for its
 * group.
 */
export function splitRuns(
  joined: Float32Array,
  groups: readonly EpisodeGroup[],
  features: number,
  lanes: number,
  stepsOf: (group: EpisodeGroup) => number,
): Float32Array[] {
  const size = joined.length / groups.length;
  return groups.map((group, run) => {
    const rows = stepsOf(group) * features;
    const part = joined.subarray(run * size, run * size + rows * lanes);
    if (group.lanes === lanes) return part;
    const own = new Float32Array(rows * group.lanes);
    for (let row = 0; row < rows; row++)
      own.set(part.subarray(row * lanes, row * lanes + group.lanes), row * group.lanes);
    return own;
  });
}
