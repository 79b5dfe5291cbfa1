import { LabError } from "../errors.js";
import type { Random } from "../random.js";
import type { Episode } from "./episode.js";

/** A first-in-first-out store of finished episodes. */
export interface EpisodeBuffer {
  /** Episodes it can hold. */
  readonly capacity: number;
  /** Episodes it holds. */
  readonly size: number;
  /** Stores an episode; the oldest one leaves when the buffer is full. */
  add(episode: Episode): void;
  /**
   * Draws `count` different episodes, uniformly. The draw depends only on the stream and on what is stored, so that
   * a buffer refilled from `episodes()` goes on as the old one would have.
   * @throws {Error} when fewer than `count` are stored
   */
  sample(count: number, random: Random): Episode[];
  /** What is stored, oldest first. A copy of the list, not of the episodes. */
  episodes(): Episode[];
  /** The `count` oldest episodes, or all if there are fewer, oldest first. */
  oldest(count: number): Episode[];
  /** Forgets the `count` oldest episodes, or all if there are fewer. */
  drop(count: number): void;
}

/**
 * Makes an empty replay buffer of `capacity` episodes (Table 3: 5,000 offline, 128 online). With capacity 0 it stores
 * nothing.
 *
 * @throws {Error} when the capacity is not a whole number >= 0
 * @example
 * const buffer = createEpisodeBuffer(5000);
 * buffer.add(episode);
 * if (buffer.size >= 32) train(buffer.sample(32, random));
 */
export function createEpisodeBuffer(capacity: number): EpisodeBuffer {
  if (!(Number.isInteger(capacity) && capacity >= 0)) {
    throw new LabError(
      `A replay buffer was given capacity ${capacity}; it must be a whole number of episodes, 0 or more.`,
    );
  }
  // A ring: once full, `oldest` is where the next episode goes.
  let ring: Episode[] = [];
  let oldest = 0;
  const episodes = () => [...ring.slice(oldest), ...ring.slice(0, oldest)];

  return {
    capacity,
    get size() {
      return ring.length;
    },
    add(episode) {
      if (capacity === 0) return;
      if (ring.length < capacity) {
        ring.push(episode);
      } else {
        ring[oldest] = episode;
        oldest = (oldest + 1) % capacity;
      }
    },
    oldest: (count) =>
      Array.from({ length: Math.min(count, ring.length) }, (_, age) => ring[(oldest + age) % ring.length]),
    drop(count) {
      ring = episodes().slice(count);
      oldest = 0;
    },
    sample(count, random) {
      const size = ring.length;
      if (!(Number.isInteger(count) && count >= 0 && count <= size)) {
        throw new LabError(
          `Cannot sample ${count} episodes without replacement from a replay buffer that holds ${size}.`,
        );
      }
      return sampleWithoutReplacement(size, count, random).map((age) => ring[(oldest + age) % size]);
    },
    episodes,
  };
}

/**
 * The first `count` entries of a random permutation of 0..size-1: Fisher and Yates' shuffle, of which only the
 * entries that have moved are kept, so that drawing 32 of 5,000 costs 32.
 */
export function sampleWithoutReplacement(size: number, count: number, random: Random): number[] {
  const moved = new Map<number, number>();
  const chosen: number[] = [];
  for (let i = 0; i < count; i++) {
    const j = i + random.below(size - i);
    chosen.push(moved.get(j) ?? j);
    moved.set(j, moved.get(i) ?? i);
  }
  return chosen;
}
