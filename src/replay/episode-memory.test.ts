import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { createEpisodeBuffer } from "./buffer.js";
import { addEpisode, createDualBuffer, oldestIndex } from "./dual.js";
import { createEpisodeMemory, type EpisodeArrays } from "./episode-memory.js";

const SIZES = { agents: 3, actions: 5, observation: 7, state: 11, episodeLimit: 20 };

/** Random arrays of an episode of so many steps. */
function arraysOf(length: number, random: ReturnType<typeof createRandom>): EpisodeArrays {
  const floats = (count: number) => Float32Array.from({ length: count }, () => random.float());
  const bytes = (count: number) => Uint8Array.from({ length: count }, () => random.below(256));
  return {
    observations: floats((length + 1) * SIZES.agents * SIZES.observation),
    states: floats((length + 1) * SIZES.state),
    availableActions: bytes((length + 1) * SIZES.agents * SIZES.actions),
    actions: bytes(length * SIZES.agents),
    rewards: floats(length),
  };
}

describe("createEpisodeMemory", () => {
  it("holds every stored episode as it was, whatever is played afterwards", () => {
    const random = createRandom(1);
    const buffers = createDualBuffer({ offlineCapacity: 100, onlineCapacity: 9, offlineBatch: 3, onlineBatch: 2 });
    const memory = createEpisodeMemory(SIZES, () => oldestIndex(buffers));
    const played = new Map<number, EpisodeArrays>();
    for (let index = 0; index < 1000; index++) {
      const length = 1 + random.below(SIZES.episodeLimit);
      const arrays = arraysOf(length, random);
      played.set(index, arrays);
      addEpisode(buffers, { index, seed: 0, length, terminal: true, ...memory.keep(index, arrays) });
      // What RLx2 forgets is only the offline buffer's.
      if (index % 150 === 149) buffers.offline.drop(95);
    }
    const stored = [...buffers.offline.episodes(), ...buffers.online.episodes()];
    expect(stored.length).toBe(109);
    for (const { index, observations, states, availableActions, actions, rewards } of stored)
      expect({ observations, states, availableActions, actions, rewards }).toEqual(played.get(index));
  });

  it("uses the blocks of forgotten episodes again", () => {
    const buffer = createEpisodeBuffer(100);
    const blocks = new Set<ArrayBuffer>();
    const memory = createEpisodeMemory(
      SIZES,
      () => buffer.oldest(1)[0]?.index ?? Infinity,
      (block) => blocks.add(block),
    );
    const random = createRandom(2);
    let most = 0;
    for (let index = 0; index < 1000; index++) {
      const arrays = memory.keep(index, arraysOf(SIZES.episodeLimit, random));
      buffer.add({ index, seed: 0, length: SIZES.episodeLimit, terminal: true, ...arrays });
      expect(blocks.has(arrays.observations.buffer as ArrayBuffer)).toBe(true);
      if (index === 300) most = blocks.size;
    }
    // A hundred episodes lie in four blocks of 32, or five; one more is being filled.
    expect(blocks.size).toBe(most);
    expect(most).toBeLessThanOrEqual(5);
  });
});
