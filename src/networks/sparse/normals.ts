import type { Random } from "../../random.js";
import { LANES } from "../../replay/group.js";
import { createMemory, type Memory, ROW } from "./memory.js";

/** How many draws a search by the cross-entropy method takes. */
export interface DrawSizes {
  readonly iterations: number;
  readonly rows: number;
  readonly actions: number;
  readonly samples: number;
}

/** Returns the bytes that the draws of a search take. Samples fill whole tiles, and there is an even number of them. */
export function drawBytes({ iterations, rows, actions, samples }: DrawSizes): number {
  const tiles = iterations * rows * actions * Math.ceil(samples / LANES);
  return (tiles + (tiles % 2)) * ROW;
}

/**
 * Draws from N(0, 1) for a search, as [iterations, rows, actions, tiles * lanes] at an address of the memory. This
 * takes two numbers of the stream.
 */
export function drawInto(memory: Memory, at: number, sizes: DrawSizes, random: Random): void {
  memory.kernels.normals(at, drawBytes(sizes) / ROW, random.below(2 ** 32), random.below(2 ** 32));
}

/**
 * Makes a function that returns the draws of the sparse engine's search for other engines, as [iterations, rows,
 * actions, samples].
 */
export function createDraws(): (random: Random, sizes: DrawSizes) => Float32Array {
  const memory = createMemory(null);
  let [at, room] = [0, 0];
  return (random, sizes) => {
    const bytes = drawBytes(sizes);
    if (bytes > room) [at, room] = [memory.allocate(bytes), bytes];
    drawInto(memory, at, sizes, random);
    const { samples } = sizes;
    const width = Math.ceil(samples / LANES) * LANES;
    const drawn = memory.floats(at, bytes / 4);
    const draws = new Float32Array(sizes.iterations * sizes.rows * sizes.actions * samples);
    for (let i = 0; i * samples < draws.length; i++)
      draws.set(drawn.subarray(i * width, i * width + samples), i * samples);
    return draws;
  };
}
