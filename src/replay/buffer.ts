import { LabError } from "../errors.js";
import type { Random } from "../random.js";
import type { Episode } from "./episode.js";

/** A first-in-first-out store of finished episodes. */
export interface EpisodeBuffer {
  /** Number of episodes that the buffer can hold. */
  readonly capacity: number;
  /** Number of episodes that the buffer holds. */
  readonly size: number;
  /** Stores an episode; the oldest one leaves when the buffer is full. */
  add(episode: Episode): void;
  /**
   * Draws `count` different episodes, uniformly. The draw depends only on the stream and on the stored episodes, so
   * that a buffer refilled from `episodes()` continues as the old one would have.
   * @throws {Error} when fewer than `count` are stored
   */
  sample(count: number, random: Random): Episode[];
  /** The stored episodes, oldest first. The list is a copy, the episodes are not. */
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
  // The episodes form a ring: when it is full, the next episode replaces the one at `oldest`.
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
 * Draws the first `count` entries of a random permutation of 0..size-1 by Fisher and Yates' shuffle. Only entries that
 * have moved are stored, so that drawing 32 of 5,000 costs 32 operations.
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
