import { LANES } from "../../replay/group.js";
import type { CrossEntropySearch } from "../transition-engine.js";
import { type Layer, STRIPS } from "./layer.js";
import { type Memory, ROW, skewed } from "./memory.js";
import { CHUNK, sideNumber } from "./mixer.js";
import { drawBytes, drawInto } from "./normals.js";

/**
 * Runs the cross-entropy method by the kernels, on a network that reads an observation and an action. Samples are drawn
 * before a tanh, at first from N(0, 1) and then from the normal distribution of the best ones (with n - 1 in its
 * variance). The result is the best sample of the last iteration. The first layer's sums over an observation are made
 * once for all of its samples.
 */
export function createCrossEntropy(
  memory: Memory,
  [first, second, third]: readonly Layer[],
  { observation, actions, hidden }: { readonly observation: number; readonly actions: number; readonly hidden: number },
): CrossEntropySearch<true> {
  const { kernels } = memory;
  const record = memory.record([
    "first",
    "second",
    "third",
    "observation",
    "actions",
    "rows",
    "samples",
    "elites",
    "iterations",
    "observations",
    "noise",
    "best",
    "values",
    "splits",
    "scratch",
    "scratchStride",
  ]);
  record.set({
    first: first.at,
    second: second.at,
    third: third.at,
    observation,
    actions,
    splits: memory.allocate(STRIPS * hidden * 4),
  });
  /** Makes a block of memory that grows when more of it is needed. */
  const block = () => {
    let [at, size] = [0, 0];
    return (bytes: number) => {
      if (bytes > size) [at, size] = [memory.allocate(bytes), bytes];
      return at;
    };
  };
  const [observations, noise, best, values, scratch] = Array.from({ length: 5 }, block);

  return (side, seen, { samples, elites, iterations }, draws) => {
    const rows = seen.length / observation;
    const tiles = Math.ceil(samples / LANES);
    const at = {
      observations: observations(seen.length * 4),
      noise: noise(drawBytes({ iterations, rows, actions, samples })),
      best: best(rows * actions * 4),
      values: values(rows * tiles * ROW),
    };
    const scratchStride = scratchBytes({ observation, actions, hidden, tiles, elites });
    record.set({ ...at, rows, samples, elites, iterations, scratchStride, scratch: scratch(STRIPS * scratchStride) });
    memory.floats(at.observations, seen.length).set(seen);
    const wanted = iterations * rows * actions;
    if (draws instanceof Float32Array) {
      const to = memory.floats(at.noise, wanted * tiles * LANES);
      for (let i = 0; i < wanted; i++) to.set(draws.subarray(i * samples, (i + 1) * samples), i * tiles * LANES);
    } else {
      drawInto(memory, at.noise, { iterations, rows, actions, samples }, draws);
    }
    kernels.crossEntropy(record.at, sideNumber(side));
    const found = memory.floats(at.values, rows * tiles * LANES);
    const last = new Float32Array(rows * samples);
    for (let row = 0; row < rows; row++)
      last.set(found.subarray(row * tiles * LANES, row * tiles * LANES + samples), row * samples);
    return { actions: memory.floats(at.best, rows * actions).slice(), values: last };
  };
}

/** Returns the bytes that `scratchOf` in ../kernels/cross-entropy.h asks for, with both hidden layers of one width. */
function scratchBytes({
  observation,
  actions,
  hidden,
  tiles,
  elites,
}: Readonly<Record<"observation" | "actions" | "hidden" | "tiles" | "elites", number>>): number {
  const together = tiles * Math.max(1, Math.floor(CHUNK / tiles));
  const rows = (bytes: number) => Math.ceil(bytes / ROW) * ROW;
  return (
    observation * ROW +
    hidden * ROW +
    rows(hidden * 4) +
    2 * rows(LANES * actions * 4) +
    rows(elites * 4) +
    together * (skewed(actions) + 2 * skewed(hidden) + 1) * ROW
  );
}
