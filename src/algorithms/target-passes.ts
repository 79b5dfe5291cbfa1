import type { Config } from "../config/config.js";
import type { AgentNetwork, Answer, Engine } from "../networks/engine.js";
import type { Episode } from "../replay/episode.js";
import { type EpisodeGroup, groupEpisodes } from "../replay/group.js";
import { judgesAlone, operatorOf } from "../targets/operators.js";

/**
 * What an update asks of the target networks that nothing but these networks and an episode determines, so that it may
 * be remembered while they stay as they are.
 */
export interface TargetQuestion {
  /** Whether the target agents' Q-values are wanted themselves. */
  readonly q: boolean;
  /** Values of what follows each step, where the target networks alone determine them. */
  readonly next?: {
    /** Values of one step. */
    readonly rows: number;
    /** Works them out for the loaded group, from the target agents' Q-values: [steps, rows, lanes]. */
    readonly from: (q: Float32Array, group: EpisodeGroup) => Answer<Float32Array>;
  };
}

/** Answers of the target networks, as far as they were asked for; padding is unspecified. */
export interface TargetAnswer {
  /** [steps + 1, agents, actions, lanes] */
  readonly q?: Float32Array;
  /** [steps, rows, lanes] */
  readonly next?: Float32Array;
}

/**
 * Values of one step that are remembered of an episode at most, when a configuration's algorithm is built in; those of
 * a user's own may ask for as many as a built-in one does.
 */
export function rememberedRows(
  config: Config,
  { agents, actions }: { readonly agents: number; readonly actions: number },
): number {
  if (!judgesAlone(operatorOf(config), config.operator.doubleQ)) return 0;
  const rows: Readonly<Record<string, number>> = { qmix: 1, vdn: 1, "ow-qmix": 1, iql: agents };
  return rows[config.algorithm] ?? agents * actions + 1;
}

/** One group of a batch, which the engine has loaded, and what its agents' forward passes gave. */
export interface GroupPass {
  readonly group: EpisodeGroup;
  /** The online agents' Q-values, whose activations are kept for `backward`: [steps + 1, agents, actions, lanes]. */
  readonly online: Float32Array;
  readonly target: TargetAnswer;
}

/**
 * Loads one group of a batch after the other and runs its agents forward, online and target. Where the target networks
 * alone determine the values of what follows, episodes whose values are known since these networks last changed (54 %
 * of those that Table 3's buffers give) need no target pass: those that are not known are laid out in groups of their
 * own, if that is cheaper than to run the target networks on all. The bits are the same either way, since no lane
 * depends on its neighbours.
 *
 * With double Q-learning only the target agents' Q-values could be remembered. That does not pay: to lay out inputs and
 * to turn 27 kB of values an episode (3s5z) from lanes and back takes longer than the pass that it saves, when kernels
 * are native, and as long in WebAssembly.
 *
 * @param agent the agents whose target copies are asked: `engine.agent`, or WQMIX's unrestricted ones
 * @example
 * for await (const { group, online, target } of targetPasses(engine, groups, engine.agent, { q: true })) {
 *   const next = nextValues(operator, target.q!, online, group);
 * }
 */
export async function* targetPasses(
  engine: Engine,
  groups: readonly EpisodeGroup[],
  agent: AgentNetwork,
  question: TargetQuestion,
): AsyncGenerator<GroupPass, void, void> {
  const { targets: memory, shape, lanes } = engine;
  const answer = async (q: Float32Array, group: EpisodeGroup): Promise<TargetAnswer> => ({
    ...(question.q && { q }),
    ...(question.next && { next: await question.next.from(q, group) }),
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
 * What the target networks cost whose inputs are laid out for them alone, where they cost 1 beside the online networks:
 * 1.2 in WebAssembly, 1.5 natively.
 */
const LAID_OUT_AGAIN = 1.5;

const longestFirst = (a: Episode, b: Episode): number => b.length - a.length;

/** Vectors of lanes, over all steps, that a pass over these episodes works on, which are sorted by `longestFirst`. */
function vectorSteps(episodes: readonly Episode[], vectorLanes: number): number {
  let count = 0;
  for (let first = 0; first < episodes.length; first += vectorLanes) count += episodes[first].length;
  return count;
}

/** The first `count` features of one lane of [feature, lanes]. */
function ofLane(values: Float32Array, count: number, lane: number, lanes: number): Float32Array {
  const own = new Float32Array(count);
  for (let i = 0, j = lane; i < count; i++, j += lanes) own[i] = values[j];
  return own;
}

function toLane(own: Float32Array, values: Float32Array, lane: number, lanes: number): void {
  for (let i = 0, j = lane; i < own.length; i++, j += lanes) values[j] = own[i];
}
