import type { Config } from "../config/config.js";
import type { AgentNetwork, Answer, Engine } from "../networks/engine.js";
import type { Episode } from "../replay/episode.js";
import { type EpisodeGroup, groupEpisodes } from "../replay/group.js";
import { judgesAlone, operatorOf } from "../targets/operators.js";

/**
 * The values that an update needs from the target networks. Only those networks and an episode determine them, so that
 * they can be remembered until the networks change.
 */
export interface TargetQuestion {
  /** Whether the target agents' Q-values themselves are needed. */
  readonly q: boolean;
  /** Values of the states after each step, where the target networks alone determine them. */
  readonly next?: {
    /** Number of values for one step. */
    readonly rows: number;
    /** Computes them for the loaded group from the target agents' Q-values: [steps, rows, lanes]. */
    readonly from: (q: Float32Array, group: EpisodeGroup) => Answer<Float32Array>;
  };
}

/** The values that were asked for; padding is unspecified. */
export interface TargetAnswer {
  /** The target agents' Q-values. [steps + 1, agents, actions, lanes] */
  readonly q?: Float32Array;
  /** Values of the states after each step. [steps, rows, lanes] */
  readonly next?: Float32Array;
}

/**
 * The most values that are remembered for one step of an episode when a configuration's algorithm is built in. A user's
 * algorithm may remember as many as a built-in one.
 */
export function rememberedRows(
  config: Config,
  { agents, actions }: { readonly agents: number; readonly actions: number },
): number {
  if (!judgesAlone(operatorOf(config), config.operator.doubleQ)) return 0;
  const rows: Readonly<Record<string, number>> = { qmix: 1, vdn: 1, "ow-qmix": 1, iql: agents };
  return rows[config.algorithm] ?? agents * actions + 1;
}

/** One group of a batch, loaded in the engine, and the results of the agents' forward passes. */
export interface GroupPass {
  readonly group: EpisodeGroup;
  /** The online agents' Q-values, whose activations are kept for `backward`: [steps + 1, agents, actions, lanes]. */
  readonly online: Float32Array;
  readonly target: TargetAnswer;
}

/**
 * Loads the groups of a batch one after the other and runs the online and target agents forward. Where the target
 * networks alone determine the values of next states, episodes whose values are known since these networks last changed
 * (54 % of the episodes sampled from Table 3's buffers) need no target pass: the others are laid out in groups of their
 * own, if that is cheaper than a target pass on all. The bits are the same either way, since no lane depends on its
 * neighbours.
 *
 * With double Q-learning only the target agents' Q-values could be remembered, which does not pay: laying out inputs
 * and copying 27 kB of values for each episode (3s5z) from lanes and back takes longer than the target pass with native
 * kernels, and as long in WebAssembly.
 *
 * @param agent the agents whose target copies are run: the network "agent", or WQMIX's unrestricted ones
 * @example
 * for await (const { group, online, target } of targetPasses(engine, groups, engine.networks.agent, { q: true })) {
 *   const next = nextValues(operator, target.q!, online, group);
 * }
 */
export async function* targetPasses(
  engine: Pick<Engine, "targets" | "shape" | "lanes" | "load">,
  groups: readonly EpisodeGroup[],
  agent: AgentNetwork,
  question: TargetQuestion,
): AsyncGenerator<GroupPass, void, void> {
  const { targets: memory, shape, lanes } = engine;
  const answer = async (q: Float32Array, group: EpisodeGroup): Promise<TargetAnswer> => ({
    q: question.q ? q : undefined,
    next: await question.next?.from(q, group),
  });
  if (memory === null || !question.next) {
    for (const group of groups) {
      engine.load(group);
      const { online, target } = await agent.forwardBoth();
      yield { group, online, target: await answer(target, group) };
    }
    return;
  }

  const names: readonly (keyof TargetAnswer)[] = question.q ? ["q", "next"] : ["next"];
  const rowsOf = { q: shape.agents * shape.actions, next: question.next.rows };
  const stepsOf = { q: (steps: number) => steps + 1, next: (steps: number) => steps };
  const known = new Map<Episode, TargetAnswer>();
  const recall = (episode: Episode): void => {
    const values = names.map((name) => [name, memory.recall(name, episode)] as const);
    if (values.every(([, value]) => value !== undefined)) known.set(episode, Object.fromEntries(values));
  };
  const keep = ({ episodes, lanes }: EpisodeGroup, given: TargetAnswer): void =>
    episodes.forEach((episode, lane) => {
      if (known.has(episode)) return;
      const own = names.map((name) => {
        const values = ofLane(given[name]!, stepsOf[name](episode.length) * rowsOf[name], lane, lanes);
        memory.keep(name, episode, values);
        return [name, values] as const;
      });
      known.set(episode, Object.fromEntries(own));
    });
  const layOut = (group: EpisodeGroup): TargetAnswer => {
    const whole = names.map((name) => {
      const values = new Float32Array(stepsOf[name](group.steps) * rowsOf[name] * group.lanes);
      group.episodes.forEach((episode, lane) => toLane(known.get(episode)![name]!, values, lane, group.lanes));
      return [name, values] as const;
    });
    return Object.fromEntries(whole);
  };

  for (const { episodes } of groups) episodes.forEach(recall);
  const isKnown = ({ episodes }: EpisodeGroup) => episodes.every((episode) => known.has(episode));
  const unknown = groups.flatMap(({ episodes }) => episodes.filter((episode) => !known.has(episode)));
  const apart = [...new Set(unknown)].sort(longestFirst);
  const beside = groups
    .filter((group) => !isKnown(group))
    .map(({ episodes }) => vectorSteps(episodes, memory.vectorLanes));
  if (LAID_OUT_AGAIN * vectorSteps(apart, memory.vectorLanes) < beside.reduce((sum, steps) => sum + steps, 0)) {
    for (const group of groupEpisodes(apart, shape, lanes)) {
      engine.load(group);
      keep(group, await answer(await agent.forward("target"), group));
    }
  }
  for (const group of groups) {
    engine.load(group);
    if (isKnown(group)) {
      yield { group, online: await agent.forward("online", true), target: layOut(group) };
    } else {
      const both = await agent.forwardBoth();
      const target = await answer(both.target, group);
      keep(group, target);
      yield { group, online: both.online, target };
    }
  }
}

/**
 * Cost of a target pass whose inputs are laid out for it alone, relative to one that shares the inputs of the online
 * pass: 1.2 in WebAssembly, 1.5 in native code.
 */
const LAID_OUT_AGAIN = 1.5;

const longestFirst = (a: Episode, b: Episode): number => b.length - a.length;

/**
 * Counts the vectors of lanes, over all steps, that a pass over these episodes computes. The episodes are sorted by
 * `longestFirst`.
 */
function vectorSteps(episodes: readonly Episode[], vectorLanes: number): number {
  let count = 0;
  for (let first = 0; first < episodes.length; first += vectorLanes) count += episodes[first].length;
  return count;
}

/** Copies the first `count` features of one lane of [feature, lanes]. */
function ofLane(values: Float32Array, count: number, lane: number, lanes: number): Float32Array {
  const own = new Float32Array(count);
  for (let i = 0, j = lane; i < count; i++, j += lanes) own[i] = values[j];
  return own;
}

function toLane(own: Float32Array, values: Float32Array, lane: number, lanes: number): void {
  for (let i = 0, j = lane; i < own.length; i++, j += lanes) values[j] = own[i];
}
