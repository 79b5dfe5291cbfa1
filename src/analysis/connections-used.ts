import { environmentOf } from "../envs/index.js";
import { agentTypes } from "../figures/features.js";
import { agentInput } from "../networks/kinds.js";
import type { NetworkShape, Parameters } from "../networks/parameters.js";
import type { Episode } from "../replay/episode.js";
import { readRunCheckpoint, type StoredRun } from "../runs/store.js";
import { countNonzeros, inputConnections } from "../sparse/mask.js";
import { restoreNetworks } from "../training/networks.js";
import { networkPlan } from "../training/plan.js";
import { createEpisodeRecorder, greedyPolicy } from "../training/rollout.js";

/** Activity in the shared network at the decisions of one agent of the team, as numbers of decisions. */
export interface AgentActivity {
  /** Number of steps at which the agent could choose between actions; a dead unit cannot. */
  readonly decisions: number;
  /** Number of these decisions with a hidden state: all but the first of a battle, which starts from zeros. */
  readonly remembering: number;
  /** Number of decisions at which each input was not zero. [inputs] */
  readonly inputs: Float64Array;
  /** Sum of each input's absolute value. [inputs] */
  readonly magnitudes: Float64Array;
  /** Number of decisions at which each unit of the first layer was above zero after ReLU. [hidden] */
  readonly units: Float64Array;
}

/** Connections of one layer that carry a signal, as means over the decisions of an agent. */
export interface UsedConnections {
  /** Name of the weight: "agent.fc1.weight". */
  readonly weight: string;
  /** Mean number of the layer's connections that carry a signal in one decision of the agent. */
  readonly used: number;
  /** The number expected for a random mask of the same density and the same signals. */
  readonly random: number;
}

/** The use that one agent of a team makes of the network that all of them share. */
export interface AgentConnections {
  /** Index of the agent, from 0. */
  readonly agent: number;
  /** Type of its unit: "stalker". */
  readonly type: string;
  /** Activity of the network's inputs and first layer at its decisions. */
  readonly activity: AgentActivity;
  /** One for each weight of the agent network. */
  readonly layers: readonly UsedConnections[];
}

/** The use that the agents of a trained team make of their network. */
export interface TeamConnections {
  /** Seed of the run. */
  readonly seed: number;
  /** One entry for each agent, in the environment's order. */
  readonly agents: readonly AgentConnections[];
  /** Mean absolute value of each input of the agent network, over the decisions of all agents. [inputs] */
  readonly inputs: readonly number[];
  /** Mean absolute value of each entry of the state, the input of the mixer's hypernetworks. [state] */
  readonly state: readonly number[];
}

/**
 * Lets a trained team play greedily and counts, for each of its agents, the connections that carry a signal when that
 * agent decides. This is our interpretation of Figure 12(a): with parameters that all agents share, as in PyMARL, no
 * agent has a network of its own.
 *
 * @throws {RunError} when the run has no checkpoint yet
 * @example
 * for (const { type, layers } of measureConnections(run).agents) console.log(type, layers[0].used, layers[0].random);
 */
export function measureConnections(
  { config, directory }: StoredRun,
  {
    battles = 32,
  }: {
    /** Number of battles, with seeds 1, 2, ... */
    readonly battles?: number;
  } = {},
): TeamConnections {
  const { state } = readRunCheckpoint(directory);
  const env = environmentOf(config);
  const shape = networkPlan(config).shape;
  const engine = restoreNetworks(config, state);
  try {
    const policy = greedyPolicy(engine.createActor(1));
    const recorder = createEpisodeRecorder(env);
    const episodes = Array.from({ length: battles }, (_, i) => recorder.play(policy, i + 1, i).episode);
    const types = agentTypes(env);
    const activities = agentActivity(shape, engine.read("online"), episodes);
    const decisions = activities.reduce((sum, activity) => sum + activity.decisions, 0);
    return {
      seed: config.seed,
      agents: activities.map((activity, agent) => ({
        agent,
        type: types[agent],
        activity,
        layers: connectionsUsed(state.masks, activity),
      })),
      inputs: Array.from(
        { length: agentInput(shape) },
        (_, j) => activities.reduce((sum, { magnitudes }) => sum + magnitudes[j], 0) / decisions,
      ),
      state: stateMagnitudes(shape, episodes),
    };
  } finally {
    engine.dispose();
  }
}

/**
 * Counts, for each agent, at how many decisions of some episodes the inputs of the agent network and the units of its
 * first layer were not zero.
 *
 * @param parameters of the online agent, under PyMARL's names
 * @returns the activity of each agent
 */
export function agentActivity(
  shape: NetworkShape,
  parameters: Parameters,
  episodes: readonly Episode[],
): AgentActivity[] {
  const { agents, actions, observation, hidden } = shape;
  const size = agentInput(shape);
  const weight = parameters.get("agent.fc1.weight")!,
    bias = parameters.get("agent.fc1.bias")!;
  const input = new Float32Array(size);
  return Array.from({ length: agents }, (_, agent) => {
    const inputs = new Float64Array(size),
      magnitudes = new Float64Array(size),
      units = new Float64Array(hidden);
    let decisions = 0,
      remembering = 0;
    for (const episode of episodes) {
      for (let t = 0; t < episode.length; t++) {
        const row = t * agents + agent;
        const available = episode.availableActions.subarray(row * actions, (row + 1) * actions);
        if (countNonzeros(available) < 2) continue;
        input.fill(0);
        input.set(episode.observations.subarray(row * observation, (row + 1) * observation));
        if (t > 0) input[observation + episode.actions[row - agents]] = 1;
        input[observation + actions + agent] = 1;
        const present: number[] = [];
        for (let j = 0; j < size; j++) if (input[j] !== 0) present.push(j);
        for (const j of present) {
          inputs[j]++;
          magnitudes[j] += Math.abs(input[j]);
        }
        for (let i = 0; i < hidden; i++) {
          let sum = bias[i];
          for (const j of present) sum += weight[i * size + j] * input[j];
          if (sum > 0) units[i]++;
        }
        decisions++;
        if (t > 0) remembering++;
      }
    }
    return { decisions, remembering, inputs, magnitudes, units };
  });
}

function stateMagnitudes({ state }: NetworkShape, episodes: readonly Episode[]): number[] {
  const steps = episodes.reduce((sum, { length }) => sum + length, 0);
  const sums = new Array<number>(state).fill(0);
  for (const { length, states } of episodes)
    for (let i = 0; i < length * state; i++) sums[i % state] += Math.abs(states[i]);
  return sums.map((sum) => sum / steps);
}

/**
 * Counts the connections of each of the agent network's weights that carry a signal, as means over decisions. A
 * connection carries a signal when its source is not zero: an input, a unit of the first layer after ReLU, or an entry
 * of the hidden state. The hidden state is zero before a battle and nowhere zero after its first step, so that only the
 * first layer and the GRU's input can differ between agents.
 *
 * @param masks by weight name, [out, in]
 */
export function connectionsUsed(
  masks: ReadonlyMap<string, Uint8Array>,
  { decisions, remembering, inputs, units }: AgentActivity,
): UsedConnections[] {
  const from = (weight: string, active: ArrayLike<number>): UsedConnections => {
    const mask = masks.get(weight)!;
    const connections = inputConnections(mask, [mask.length / active.length, active.length]);
    const each = countNonzeros(mask) / active.length;
    let used = 0,
      signals = 0;
    connections.forEach((number, j) => {
      used += number * active[j];
      signals += active[j];
    });
    return { weight, used: used / decisions, random: (each * signals) / decisions };
  };
  const always = (decided: number): number[] => Array.from(units, () => decided);
  return [
    from("agent.fc1.weight", inputs),
    from("agent.rnn.weight_ih", units),
    from("agent.rnn.weight_hh", always(remembering)),
    from("agent.fc2.weight", always(decisions)),
  ];
}
