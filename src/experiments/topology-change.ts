import { readMasks, readTopology, type StoredRun } from "../results/store.js";
import { countNonzeros } from "../sparse/mask.js";
import { maskOverlap, type Overlap } from "../sparse/overlap.js";

/** How a run's topology changed over its training, all layers together. */
export interface TopologyChange {
  /** How often connections moved. */
  readonly evolutions: number;
  /** Weights, masked or not, and how many of them are connections at any time. */
  readonly weights: number;
  readonly connections: number;
  /** Connections dropped over the whole training; each time as many grew elsewhere. */
  readonly moved: number;
  /** Different connections that the run has had at one time or another. */
  readonly tried: number;
  /** What its last topology shares with its first. */
  readonly kept: Overlap;
}

/**
 * Counts the movements of a run's connections.
 *
 * @throws {Error} when the run has not begun
 * @example
 * const { moved, connections } = topologyChange(run);
 * console.log(`every connection was replaced ${moved / connections} times`);
 */
export function topologyChange({ name, directory }: StoredRun): TopologyChange {
  const history = readMasks(directory);
  const [first, last] = [history[0], history.at(-1)];
  if (first === undefined || last === undefined) throw new Error(`Run ${name} has no masks yet: it has not begun.`);
  let weights = 0, connections = 0, tried = 0;
  for (const [layer, mask] of first.masks) {
    const ever = mask.slice();
    for (const { masks } of history) masks.get(layer)!.forEach((bit, i) => (ever[i] |= bit));
    weights += mask.length;
    connections += countNonzeros(mask);
    tried += countNonzeros(ever);
  }
  const moved = readTopology(directory).reduce((sum, { dropped }) => sum + dropped, 0);
  return { evolutions: last.evolution, weights, connections, moved, tried, kept: maskOverlap(first.masks, last.masks) };
}
