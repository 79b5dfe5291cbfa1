import { LabError } from "../errors.js";
import type { Random } from "../random.js";
import { createEpisodeBuffer, type EpisodeBuffer } from "./buffer.js";
import type { Episode } from "./episode.js";

/** Capacities of the two buffers and their shares of a batch, all in episodes. */
export interface DualBufferOptions {
  /** C_1, capacity of the offline buffer. Table 3: 5,000. */
  readonly offlineCapacity: number;
  /** C_2, capacity of the online buffer. Table 3: 128. */
  readonly onlineCapacity: number;
  /** S_1, episodes of a batch from the offline buffer. Table 3: 20; the whole batch for a single buffer. */
  readonly offlineBatch: number;
  /** S_2, episodes of a batch from the online buffer. Table 3: 12; 0 for a single buffer. */
  readonly onlineBatch: number;
}

/**
 * MAST's two replay buffers (section 3.2): a large one that holds most of the run and a small one that holds the
 * policy's recent episodes. Both receive every episode, so they overlap.
 */
export interface DualBuffer extends DualBufferOptions {
  /** The large buffer, with the last C_1 episodes. */
  readonly offline: EpisodeBuffer;
  /** The small buffer, with the last C_2 episodes. */
  readonly online: EpisodeBuffer;
}

/**
 * Makes both buffers, empty. A buffer from which nothing is sampled stores nothing.
 *
 * @throws {Error} when a batch is empty or asks for more than a buffer can hold
 * @example
 * const buffers = createDualBuffer({ offlineCapacity: 5000, onlineCapacity: 128, ...splitBatch(5, 3) });
 * addEpisode(buffers, episode); if (canSample(buffers)) train(sampleBatch(buffers, random));
 */
export function createDualBuffer(options: DualBufferOptions): DualBuffer {
  const { offlineCapacity, onlineCapacity, offlineBatch, onlineBatch } = options;
  for (const [side, batch, capacity] of [
    ["offline", offlineBatch, offlineCapacity],
    ["online", onlineBatch, onlineCapacity],
  ] as const) {
    if (!(Number.isInteger(batch) && batch >= 0 && batch <= capacity)) {
      throw new LabError(
        `${side}Batch is ${batch}; it must be a whole number from 0 to ${side}Capacity, which is ${capacity} episodes.`,
      );
    }
  }
  if (offlineBatch + onlineBatch === 0)
    throw new LabError("offlineBatch and onlineBatch are both 0; at least one episode must be sampled.");
  return {
    ...options,
    offline: createEpisodeBuffer(offlineBatch > 0 ? offlineCapacity : 0),
    online: createEpisodeBuffer(onlineBatch > 0 ? onlineCapacity : 0),
  };
}

/**
 * Turns Table 9's partition "a : b" of eight shares into batch sizes, with `batch / 8` episodes a share: 5 : 3 of 32
 * gives 20 offline and 12 online episodes.
 *
 * @throws {Error} when the shares do not divide the batch into whole episodes
 */
export function splitBatch(
  offlineShare: number,
  onlineShare: number,
  batch = 32,
): { offlineBatch: number; onlineBatch: number } {
  const offlineBatch = (batch * offlineShare) / (offlineShare + onlineShare);
  if (!(Number.isInteger(offlineBatch) && offlineBatch >= 0 && offlineBatch <= batch)) {
    throw new LabError(
      `A batch of ${batch} episodes cannot be split ${offlineShare} : ${onlineShare} into whole episodes.`,
    );
  }
  return { offlineBatch, onlineBatch: batch - offlineBatch };
}

/** Stores an episode in both buffers (Algorithm 2, lines 18-19). */
export function addEpisode(buffers: DualBuffer, episode: Episode): void {
  buffers.offline.add(episode);
  buffers.online.add(episode);
}

/**
 * Tells whether training can start: at least a batch of episodes has been stored, and each buffer holds its part
 * (PyMARL's rule).
 */
export function canSample(buffers: DualBuffer): boolean {
  const { offline, online, offlineBatch, onlineBatch } = buffers;
  // A buffer that is smaller than the batch only has to be full.
  const filled = (buffer: EpisodeBuffer) => buffer.size >= Math.min(offlineBatch + onlineBatch, buffer.capacity);
  return (offlineBatch === 0 || filled(offline)) && (onlineBatch === 0 || filled(online));
}

/**
 * Draws one batch: first the offline episodes, then the online ones. The same episode can be drawn from each buffer
 * once.
 * @throws {Error} when a buffer does not hold enough episodes; see `canSample`
 */
export function sampleBatch(buffers: DualBuffer, random: Random): Episode[] {
  return [
    ...buffers.offline.sample(buffers.offlineBatch, random),
    ...buffers.online.sample(buffers.onlineBatch, random),
  ];
}

/** Returns the index of the oldest episode that one of the buffers holds, or Infinity while both are empty. */
export function oldestIndex({ offline, online }: DualBuffer): number {
  return Math.min(...[offline, online].flatMap((buffer) => buffer.oldest(1).map(({ index }) => index)));
}

/**
 * Lists every stored episode once, oldest first. Adding them in this order to new buffers with the same options
 * restores both, since each holds the end of the same history.
 */
export function storedEpisodes(buffers: DualBuffer): Episode[] {
  return (buffers.offline.size >= buffers.online.size ? buffers.offline : buffers.online).episodes();
}
