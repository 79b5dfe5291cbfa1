import type * as tfjs from "@tensorflow/tfjs";
import type { EpisodeGroup } from "../../replay/group.js";
import { createAgentSum } from "../agent-sum.js";
import { LabError } from "../../errors.js";
import type { AgentNetwork, CriticNetwork, EpisodeNetworks, MixingNetwork, MonotonicMixer } from "../engine.js";
import { type NetworkKind, networksOf } from "../kinds.js";
import { type NetworkShape, networkParameters, type ParameterSpec } from "../parameters.js";
import { agentStates, agentValues, bothAgentStates } from "./agent.js";
import type { Tensorflow } from "../../host.js";
import { type Batch, joinRuns, splitRuns, uploadBatch } from "./batch.js";
import { download } from "./download.js";
import { feedForward } from "./feed-forward.js";
import type { Weights } from "./linear.js";
import type { VectorisedCalls } from "./vectorised-calls.js";
import { mixerCounterfactuals, monotonicMixer, unrestrictedMixer } from "./mixer.js";
import { createVectorisedParameters, type VectorisedParameters } from "./vectorised-parameters.js";

/** The state that vectorised runs share. */
export interface Shared {
  readonly tf: Tensorflow;
  readonly shape: NetworkShape;
  readonly specs: readonly ParameterSpec[];
  readonly vectorised: VectorisedParameters;
  /** The group that each run has loaded. */
  readonly groups: EpisodeGroup[];
  /** Returns the batch of these runs on the device. */
  batch(runs: readonly number[]): Batch;
  /** Hidden states of the last forward pass with `keep`, by network. */
  readonly kept: Map<string, { readonly batch: Batch; readonly states: tfjs.Tensor4D }>;
  dispose(): void;
}

/** Makes the state for `runs` runs. */
export function share(tf: Tensorflow, shape: NetworkShape, runs: number): Shared {
  const specs = networkParameters(shape);
  const vectorised = createVectorisedParameters(tf, specs, runs);
  const groups: EpisodeGroup[] = new Array(runs);
  const kept: Shared["kept"] = new Map();
  let present:
    { readonly runs: readonly number[]; readonly of: readonly EpisodeGroup[]; readonly batch: Batch } | undefined;
  const forget = () => {
    present?.batch.dispose();
    for (const { states } of kept.values()) states.dispose();
    kept.clear();
    present = undefined;
  };
  return {
    tf,
    shape,
    specs,
    vectorised,
    groups,
    kept,
    batch(runs) {
      const of = runs.map((run) => groups[run]);
      const same =
        present !== undefined && `${present.runs}` === `${runs}` && of.every((group, i) => group === present!.of[i]);
      if (!same) {
        forget();
        present = { runs, of, batch: uploadBatch(tf, shape, of) };
      }
      return present!.batch;
    },
    dispose() {
      forget();
      vectorised.dispose();
    },
  };
}

/** Makes the passes of one run, which are computed together with those of the others. */
export function connectNetworks(shared: Shared, calls: VectorisedCalls, run: number) {
  const { tf, shape, specs, vectorised, groups, kept } = shared;
  const { agents, actions } = shape;
  const stepsAfter = ({ steps }: EpisodeGroup) => steps + 1;
  const ownSteps = ({ steps }: EpisodeGroup) => steps;
  const namesOf = (network: string) => specs.filter((spec) => spec.network === network).map(({ name }) => name);
  /** Calls `work` with the arrays of all runs that take part: the i-th array of each. */
  const call = <Result>(
    kind: string,
    arrays: readonly Float32Array[],
    work: (runs: readonly number[], arrays: (i: number) => Float32Array[]) => Promise<readonly Result[]>,
  ): Promise<Result> =>
    calls.call(run, kind, arrays, (runs, given) => work(runs, (i) => given.map((arrays) => arrays[i])));
  const groupsOf = (runs: readonly number[]) => runs.map((run) => groups[run]);

  /** Computes the gradients of sum(dy f(x)) with respect to some parameters, by autograd. */
  function gradientsOf(
    runs: readonly number[],
    names: readonly string[],
    extra: readonly tfjs.Tensor[],
    f: (weights: Weights, ...extra: tfjs.Tensor[]) => tfjs.Tensor,
    dy: tfjs.Tensor,
  ): { weights: Weights; extra: tfjs.Tensor[] } {
    const weights = vectorised.weights("online", runs);
    const xs = [...names.map((name) => weights.get(name)!), ...extra];
    const gradients = tf.grads((...given) =>
      f(
        new Map([...weights, ...names.map((name, i) => [name, given[i] as tfjs.Tensor3D] as const)]),
        ...given.slice(names.length),
      ),
    )(xs, dy);
    return {
      weights: new Map(names.map((name, i) => [name, gradients[i] as tfjs.Tensor3D])),
      extra: gradients.slice(names.length),
    };
  }

  function agentOf(network: string): AgentNetwork {
    /** Transposes [runs, steps + 1, agents, lanes, actions] to the engine's order of axes. */
    const answers = async (runs: readonly number[], values: tfjs.Tensor5D): Promise<Float32Array[]> => {
      const [, , , lanes] = values.shape;
      const turned = tf.tidy(() => tf.transpose(values, [0, 1, 2, 4, 3]));
      values.dispose();
      return splitRuns(await download(turned), groupsOf(runs), agents * actions, lanes, stepsAfter);
    };
    const keep = (batch: Batch, states: tfjs.Tensor4D) => {
      kept.get(network)?.states.dispose();
      kept.set(network, { batch, states: tf.keep(states) });
    };
    /** Adds the gradients of the online network, given dL/dvalues [runs, steps + 1, agents, lanes, actions]. */
    const addGradients = (runs: readonly number[], batch: Batch, dValues: () => tfjs.Tensor): void => {
      // Kept states can be used while the same runs work on the same episodes; otherwise they are computed again.
      const known = kept.get(network)?.batch === batch ? kept.get(network)!.states : undefined;
      tf.tidy(() => {
        const values = (weights: Weights) =>
          agentValues(tf, shape, network, weights, agentStates(tf, shape, network, weights, batch.inputs, known));
        vectorised.addGradients(runs, gradientsOf(runs, namesOf(network), [], values, dValues()).weights);
      });
    };
    return {
      forward: (side, keeps = false) =>
        call(`${network}.forward ${side} ${keeps}`, [], (runs) => {
          const batch = shared.batch(runs);
          return answers(
            runs,
            tf.tidy(() => {
              const weights = vectorised.weights(side, runs);
              const states = agentStates(tf, shape, network, weights, batch.inputs);
              if (keeps) keep(batch, states);
              return agentValues(tf, shape, network, weights, states);
            }),
          );
        }),
      forwardBoth: () =>
        call(`${network}.forwardBoth`, [], async (runs) => {
          const batch = shared.batch(runs);
          const [online, target] = tf.tidy(() => {
            const sides: readonly [Weights, Weights] = [
              vectorised.weights("online", runs),
              vectorised.weights("target", runs),
            ];
            const states = bothAgentStates(tf, shape, network, sides, batch.inputs);
            keep(batch, states[0]);
            return states.map((states, side) => agentValues(tf, shape, network, sides[side], states));
          });
          const onlines = await answers(runs, online);
          const targets = await answers(runs, target);
          return runs.map((_, i) => ({ online: onlines[i], target: targets[i] }));
        }),
      backward: (gradient) =>
        call(`${network}.backward`, [gradient], async (runs, arrays) => {
          const batch = shared.batch(runs);
          const { lanes, steps } = batch;
          const joined = joinRuns(arrays(0), groupsOf(runs), agents, steps + 1, lanes);
          addGradients(runs, batch, () => {
            const chosen = tf.tensor4d(joined, [runs.length, steps + 1, agents, lanes]);
            return tf.mul(tf.cast(tf.oneHot(batch.actions, actions), "float32"), tf.expandDims(chosen, 4));
          });
          return runs.map(() => undefined);
        }),
      backwardAll: (gradient) =>
        call(`${network}.backwardAll`, [gradient], async (runs, arrays) => {
          const batch = shared.batch(runs);
          const { lanes, steps } = batch;
          const joined = joinRuns(arrays(0), groupsOf(runs), agents * actions, steps + 1, lanes);
          addGradients(runs, batch, () =>
            tf.transpose(tf.tensor5d(joined, [runs.length, steps + 1, agents, actions, lanes]), [0, 1, 2, 4, 3]),
          );
          return runs.map(() => undefined);
        }),
    };
  }

  /** Transposes [runs, steps, features, lanes] to [runs, steps * lanes, features], the mixers' layout. */
  const toRows = (
    arrays: readonly Float32Array[],
    runs: readonly number[],
    features: number,
    { steps, lanes }: Batch,
  ): tfjs.Tensor3D =>
    tf.reshape(
      tf.transpose(
        tf.tensor4d(joinRuns(arrays, groupsOf(runs), features, steps, lanes), [runs.length, steps, features, lanes]),
        [0, 1, 3, 2],
      ),
      [runs.length, steps * lanes, features],
    );
  /** Selects the states of steps `offset`..`offset + steps - 1`, as rows. */
  const stateRows = ({ states, steps, lanes }: Batch, offset: 0 | 1): tfjs.Tensor3D => {
    const [runs, , width] = states.shape;
    return tf.slice(states, [0, offset * lanes, 0], [runs, steps * lanes, width]);
  };
  /** Downloads [runs, steps * lanes, features] as an array for each run. */
  const fromRows = async (
    runs: readonly number[],
    rows: tfjs.Tensor3D,
    { steps, lanes }: Batch,
  ): Promise<Float32Array[]> => {
    const features = rows.shape[2];
    const turned = tf.tidy(() => tf.transpose(tf.reshape(rows, [runs.length, steps, lanes, features]), [0, 1, 3, 2]));
    rows.dispose();
    return splitRuns(await download(turned), groupsOf(runs), features, lanes, ownSteps);
  };

  function mixerOf(
    network: string,
    mix: (weights: Weights, values: tfjs.Tensor3D, states: tfjs.Tensor3D) => tfjs.Tensor2D,
  ): MixingNetwork {
    let values = new Float32Array();
    return {
      forward(side, chosen, offset, keeps = false) {
        if (keeps) values = Float32Array.from(chosen);
        return call(`${network}.forward ${side} ${offset}`, [chosen], async (runs, arrays) => {
          const batch = shared.batch(runs);
          return fromRows(
            runs,
            tf.tidy(() =>
              tf.expandDims(
                mix(vectorised.weights(side, runs), toRows(arrays(0), runs, agents, batch), stateRows(batch, offset)),
                2,
              ),
            ),
            batch,
          );
        });
      },
      backward: (gradient) =>
        call(`${network}.backward`, [gradient, values], async (runs, arrays) => {
          const batch = shared.batch(runs);
          const dValues = tf.tidy(() => {
            const dTotals = tf.squeeze(toRows(arrays(0), runs, 1, batch), [2]);
            const states = stateRows(batch, 0);
            const names = namesOf(network);
            const gradients = gradientsOf(
              runs,
              names,
              [toRows(arrays(1), runs, agents, batch)],
              (weights, values) => mix(weights, values as tfjs.Tensor3D, states),
              dTotals,
            );
            vectorised.addGradients(runs, gradients.weights);
            return gradients.extra[0] as tfjs.Tensor3D;
          });
          return fromRows(runs, dValues, batch);
        }),
    };
  }

  function criticOf(network: string): CriticNetwork {
    /**
     * Returns the observation of each agent and its action, with one number for each possible action: [runs, steps *
     * lanes * agents, observation + actions].
     */
    const inputs = (batch: Batch, taken: tfjs.Tensor3D, offset: 0 | 1): tfjs.Tensor3D => {
      const { steps, lanes } = batch;
      const { observations } = batch.inputs;
      const runs = observations.shape[0];
      const own = tf.slice(observations, [0, 0, offset, 0, 0], [runs, lanes, steps, agents, shape.observation]);
      const rows = [runs, steps * lanes * agents] as const;
      const seen = tf.reshape(tf.transpose(own, [0, 2, 1, 3, 4]), [...rows, shape.observation]);
      return tf.concat([seen, tf.reshape(taken, [...rows, actions])], 2) as tfjs.Tensor3D;
    };
    const values = (weights: Weights, batch: Batch, taken: tfjs.Tensor3D, offset: 0 | 1): tfjs.Tensor3D =>
      tf.reshape(feedForward(tf, "action-value", network, weights, inputs(batch, taken, offset)), [
        taken.shape[0],
        batch.steps * batch.lanes,
        agents,
      ]);
    let before = new Float32Array();
    return {
      forward(side, taken, offset, keeps = false) {
        if (keeps) before = taken.slice();
        return call(`${network}.forward ${side} ${offset}`, [taken], async (runs, arrays) => {
          const batch = shared.batch(runs);
          return fromRows(
            runs,
            tf.tidy(() =>
              values(vectorised.weights(side, runs), batch, toRows(arrays(0), runs, agents * actions, batch), offset),
            ),
            batch,
          );
        });
      },
      backward: (gradient, { adds = true, through = false } = {}) =>
        call(`${network}.backward ${adds} ${through}`, [gradient, before], async (runs, arrays) => {
          const batch = shared.batch(runs);
          const dTaken = tf.tidy(() => {
            const gradients = gradientsOf(
              runs,
              adds ? namesOf(network) : [],
              [toRows(arrays(1), runs, agents * actions, batch)],
              (weights, taken) => values(weights, batch, taken as tfjs.Tensor3D, 0),
              toRows(arrays(0), runs, agents, batch),
            );
            vectorised.addGradients(runs, gradients.weights);
            return gradients.extra[0] as tfjs.Tensor3D;
          });
          if (through) return fromRows(runs, dTaken, batch);
          dTaken.dispose();
          return runs.map(() => undefined);
        }),
    };
  }

  function monotonicOf(network: string): MonotonicMixer {
    return {
      ...mixerOf(network, (weights, values, states) => monotonicMixer(tf, shape, network, weights, values, states)),
      async counterfactuals(side, values, alternatives, offset) {
        const group = groups[run];
        const kind = `${network}.counterfactuals ${side} ${offset}`;
        const totals = await call(kind, [values, alternatives], async (runs, arrays) => {
          const batch = shared.batch(runs);
          return fromRows(
            runs,
            tf.tidy(() => {
              const rows = batch.steps * batch.lanes;
              const others = tf.reshape(toRows(arrays(1), runs, agents * actions, batch), [
                runs.length,
                rows,
                agents,
                actions,
              ]);
              const mixed = mixerCounterfactuals(
                tf,
                shape,
                network,
                vectorised.weights(side, runs),
                toRows(arrays(0), runs, agents, batch),
                others as tfjs.Tensor4D,
                stateRows(batch, offset),
              );
              return tf.reshape(mixed, [runs.length, rows, agents * actions]);
            }),
            batch,
          );
        });
        const available = group.availableActions.subarray(offset * agents * actions * group.lanes);
        return totals.map((total, i) => (available[i] === 0 ? -Infinity : total));
      },
    };
  }

  const make: { readonly [Kind in NetworkKind]: (name: string) => EpisodeNetworks[Kind] } = {
    recurrent: agentOf,
    "action-value": criticOf,
    policy: () => {
      throw new LabError("A network of kind policy learns from transitions, not from episodes.");
    },
    monotonic: monotonicOf,
    unrestricted: (name) =>
      mixerOf(name, (weights, values, states) => unrestrictedMixer(tf, name, weights, values, states)),
    // A mixer without parameters needs no device.
    sum: () => createAgentSum("sum", () => groups[run]),
    none: () => createAgentSum("none", () => groups[run]),
  };
  return Object.entries(networksOf(shape)).map(([name, kind]) => [name, make[kind](name)] as const);
}
