import { LabError } from "../errors.js";
import type { Episode } from "./episode.js";

/**
 * Episodes of one training batch laid out in lanes, the unit in which engines compute. For the sparse engine 16 lanes
 * are four 128-bit vectors, and one feature fills a cache line; a GPU takes the whole batch at once. Lane l holds
 * `episodes[l]`; lanes are sorted by length, longest first, so that the lanes still running at step t are the first
 * `running[t]`.
 *
 * Entries past an episode's length (and whole lanes without an episode) are padding: actions 0, rewards 0, every action
 * available. Nothing may depend on them.
 */
export interface EpisodeGroup {
  /** The episodes, longest first. */
  readonly episodes: readonly Episode[];
  /** Number of lanes, of which the last ones can be empty. */
  readonly lanes: number;
  /** Length of the longest episode. */
  readonly steps: number;
  /** Number of agents of the environment. */
  readonly agents: number;
  /** Number of actions of each agent. */
  readonly actionCount: number;
  /** Length of each episode; 0 for an empty lane. [lanes] */
  readonly lengths: Int32Array;
  /** Number of lanes whose episode has a step t, for t in 0..steps; `running[steps]` is 0. [steps + 1] */
  readonly running: Int32Array;
  /** Joint actions taken. [steps, agents, lanes] */
  readonly actions: Uint8Array;
  /**
   * 1 where the action was available. [steps + 1, agents, actions, lanes] Laid out when it is first asked for, since
   * native kernels read the episodes themselves.
   */
  readonly availableActions: Uint8Array;
  /** Team reward of each step. [steps, lanes] */
  readonly rewards: Float32Array;
  /** 1 where targets must not bootstrap from the last step of the lane's episode. [lanes] */
  readonly terminal: Uint8Array;
}

/** Number of lanes in a group, unless an engine asks for another. */
export const LANES = 16;

/**
 * Lays out a batch in as few groups as possible, longest episodes first, so that the cost of each group depends on its
 * own longest episode only. Episodes of equal length keep their order.
 *
 * @param sizes agents N and actions |U|, the same for all episodes
 * @param lanes number of lanes in a group, `engine.lanes`; "all" makes one group with a lane for each episode
 * @throws {Error} when an episode's arrays do not fit its length and these sizes
 * @example
 * const groups = groupEpisodes(sampleBatch(buffers, random), env.sizes, engine.lanes); // 32 episodes: 2 groups of 16
 * for (const group of groups) engine.load(group);
 */
export function groupEpisodes(
  episodes: readonly Episode[],
  sizes: { readonly agents: number; readonly actions: number },
  lanes: number | "all" = LANES,
): EpisodeGroup[] {
  for (const episode of episodes) checkLayout(episode, sizes.agents, sizes.actions);
  // Array.prototype.sort is stable.
  const sorted = [...episodes].sort((a, b) => b.length - a.length);
  const groups: EpisodeGroup[] = [];
  const width = lanes === "all" ? sorted.length : lanes;
  for (let first = 0; first < sorted.length; first += width) {
    groups.push(layOut(sorted.slice(first, first + width), width, sizes.agents, sizes.actions));
  }
  return groups;
}

/** Counts the steps of all episodes of a batch without padding, the divisor of means over the batch. */
export function countSteps(groups: readonly EpisodeGroup[]): number {
  let steps = 0;
  for (const group of groups) for (const episode of group.episodes) steps += episode.length;
  return steps;
}

function layOut(episodes: readonly Episode[], lanes: number, agents: number, actionCount: number): EpisodeGroup {
  const steps = episodes[0].length;
  const lengths = new Int32Array(lanes);
  const running = new Int32Array(steps + 1);
  const terminal = new Uint8Array(lanes);
  const rewards = new Float32Array(steps * lanes);
  const actions = new Uint8Array(steps * agents * lanes);

  episodes.forEach((episode, lane) => {
    const { length } = episode;
    lengths[lane] = length;
    terminal[lane] = episode.terminal ? 1 : 0;
    for (let t = 0; t < length; t++) running[t]++;
    transpose(episode.rewards, rewards, length, lane, lanes);
  });
  transposeBytes(
    episodes.map((episode) => episode.actions),
    actions,
    lanes,
  );
  return new LaidOut(episodes, lanes, steps, agents, actionCount, lengths, running, actions, rewards, terminal);
}

/** A class, since V8 gives every object literal that has a getter a hidden class of its own. */
class LaidOut implements EpisodeGroup {
  #available: Uint8Array | undefined;

  constructor(
    readonly episodes: readonly Episode[],
    readonly lanes: number,
    readonly steps: number,
    readonly agents: number,
    readonly actionCount: number,
    readonly lengths: Int32Array,
    readonly running: Int32Array,
    readonly actions: Uint8Array,
    readonly rewards: Float32Array,
    readonly terminal: Uint8Array,
  ) {}

  get availableActions(): Uint8Array {
    if (this.#available === undefined) {
      const { steps, agents, actionCount, lanes } = this;
      this.#available = new Uint8Array((steps + 1) * agents * actionCount * lanes).fill(1);
      transposeBytes(
        this.episodes.map((episode) => episode.availableActions),
        this.#available,
        lanes,
      );
    }
    return this.#available;
  }
}

/** Copies the first `count` features of an episode into its lane: [feature] to [feature, lanes]. */
function transpose(
  from: Uint8Array | Float32Array,
  to: Uint8Array | Float32Array,
  count: number,
  lane: number,
  lanes: number,
  first = 0,
): void {
  for (let i = first, j = first * lanes + lane; i < count; i++, j += lanes) to[j] = from[i];
}

/**
 * Copies episodes, longest first, into their lanes. The bytes of four lanes are written as one word as long as all four
 * episodes run.
 */
function transposeBytes(episodes: readonly Uint8Array[], to: Uint8Array, lanes: number): void {
  const quads = lanes % 4 === 0 && LITTLE_ENDIAN ? episodes.length >> 2 : 0;
  const words = new Uint32Array(to.buffer, 0, quads > 0 ? to.length / 4 : 0);
  for (let quad = 0; quad < quads; quad++) {
    const [a, b, c, d] = episodes.slice(4 * quad, 4 * quad + 4);
    for (let i = 0, j = quad; i < d.length; i++, j += lanes / 4)
      words[j] = a[i] | (b[i] << 8) | (c[i] << 16) | (d[i] << 24);
    [a, b, c].forEach((from, k) => transpose(from, to, from.length, 4 * quad + k, lanes, d.length));
  }
  for (let lane = 4 * quads; lane < episodes.length; lane++)
    transpose(episodes[lane], to, episodes[lane].length, lane, lanes);
}

const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

function checkLayout(episode: Episode, agents: number, actions: number): void {
  const { length, index } = episode;
  if (!(Number.isInteger(length) && length >= 1)) {
    throw new LabError(`Episode ${index} has length ${length}; an episode has at least 1 step.`);
  }
  const expected = {
    actions: length * agents,
    rewards: length,
    availableActions: (length + 1) * agents * actions,
  };
  for (const name of ["actions", "rewards", "availableActions"] as const) {
    if (episode[name].length !== expected[name]) {
      throw new LabError(
        `Episode ${index} has ${episode[name].length} ${name}; ${length} steps of ${agents} agents with ${actions} actions have ${expected[name]}.`,
      );
    }
  }
}
