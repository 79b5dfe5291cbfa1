import { type Random, createRandom } from "../../random.js";
import type { Episode } from "../../replay/episode.js";
import { type EpisodeGroup, groupEpisodes } from "../../replay/group.js";
import type { Engine } from "../engine.js";
import { type NetworkShape, initialParameters, networkParameters } from "../parameters.js";

/** Random networks and episodes for tests of engines. */

/** WQMIX's networks. */
const CENTRAL = {
  agent: "recurrent",
  mixer: "monotonic",
  central_agent: "recurrent",
  central_mixer: "unrestricted",
} as const;

/**
 * Shapes whose sizes are no multiple of a vector's, one with more agents than a kernel takes at once, one with central
 * networks, and those of 3m.
 */
export const SHAPES: Record<string, NetworkShape> = {
  odd: { agents: 3, actions: 5, observation: 7, state: 9, hidden: 7, embed: 5, hypernetEmbed: 6 },
  narrow: { agents: 2, actions: 3, observation: 5, state: 4, hidden: 13, embed: 3, hypernetEmbed: 7 },
  five: { agents: 5, actions: 4, observation: 6, state: 8, hidden: 9, embed: 4, hypernetEmbed: 5 },
  // The layers are wide enough for gradients to find a way through four sparse layers.
  central: {
    agents: 3,
    actions: 4,
    observation: 5,
    state: 13,
    hidden: 9,
    embed: 4,
    hypernetEmbed: 5,
    centralEmbed: 61,
    networks: CENTRAL,
  },
  "3m": { agents: 3, actions: 9, observation: 30, state: 48, hidden: 64, embed: 32, hypernetEmbed: 64 },
};

/**
 * Returns masks that keep about `density` of every weight matrix, and at least one connection; at density 1 there are
 * no masks.
 */
export function randomMasks(shape: NetworkShape, density: number, random: Random): Map<string, Uint8Array> {
  const masks = new Map<string, Uint8Array>();
  if (density >= 1) return masks;
  for (const { name, shape: size, maskable } of networkParameters(shape)) {
    if (!maskable) continue;
    const mask = new Uint8Array(size[0] * size[1]).map(() => (random.float() < density ? 1 : 0));
    mask[random.below(mask.length)] = 1;
    masks.set(name, mask);
  }
  return masks;
}

/** Returns PyTorch's initial values, with zeros where masks prune. */
export function maskedParameters(
  shape: NetworkShape,
  masks: ReadonlyMap<string, Uint8Array>,
  random: Random,
): Map<string, Float32Array> {
  const parameters = initialParameters(networkParameters(shape), random);
  for (const [name, mask] of masks)
    parameters.set(
      name,
      parameters.get(name)!.map((value, i) => (mask[i] ? value : 0)),
    );
  return parameters;
}

/**
 * Returns episodes of the given lengths. In every second one, agent 0 dies halfway: it then sees zeros and may only do
 * nothing.
 */
export function randomEpisodes(shape: NetworkShape, lengths: readonly number[], random: Random): Episode[] {
  const { agents, actions, observation, state } = shape;
  const values = (count: number) => new Float32Array(count).map(() => 2 * random.float() - 1);
  return lengths.map((length, index) => {
    const observations = values((length + 1) * agents * observation);
    const chosen = new Uint8Array(length * agents).map(() => random.below(actions));
    if (index % 2) {
      for (let t = Math.ceil(length / 2); t <= length; t++) {
        observations.fill(0, t * agents * observation, (t * agents + 1) * observation);
        if (t < length) chosen[t * agents] = 0;
      }
    }
    return {
      index,
      seed: index,
      length,
      observations,
      states: values((length + 1) * state),
      availableActions: new Uint8Array((length + 1) * agents * actions).fill(1),
      actions: chosen,
      rewards: values(length),
      terminal: true,
    };
  });
}

/** Returns the agents and mixers of WQMIX's networks: the restricted ones, then the unrestricted ones. */
export function pairsOf<AtOnce extends boolean>({ networks }: Engine<AtOnce, typeof CENTRAL>) {
  const { agent, mixer, central_agent, central_mixer } = networks;
  return [
    { agent, mixer },
    { agent: central_agent, mixer: central_mixer },
  ] as const;
}

export interface Case {
  readonly shape: NetworkShape;
  readonly masks: Map<string, Uint8Array>;
  readonly parameters: Map<string, Float32Array>;
  readonly groups: EpisodeGroup[];
}

/** Returns a random network and a batch. */
export function randomCase(shape: NetworkShape, density: number, lengths: readonly number[], seed: number): Case {
  const random = createRandom(seed);
  const masks = randomMasks(shape, density, random);
  const parameters = maskedParameters(shape, masks, random);
  return { shape, masks, parameters, groups: groupEpisodes(randomEpisodes(shape, lengths, random), shape) };
}
