import { LabError } from "../errors.js";
import { readMasks, readTopology, type StoredRun } from "../runs/store.js";
import { countNonzeros } from "../sparse/mask.js";
import { maskOverlap, type Overlap } from "../sparse/overlap.js";

/** The changes of a run's topology over its training, all layers together. */
export interface TopologyChange {
  /** Number of topology evolutions. */
  readonly evolutions: number;
  /** Number of weights, present or pruned. */
  readonly weights: number;
  /** How many of `weights` are connections. Evolutions do not change this number. */
  readonly connections: number;
  /** Number of connections dropped over the whole training; each time as many grew elsewhere. */
  readonly moved: number;
  /** Number of different connections that the run has had at any time. */
  readonly tried: number;
  /** Share of grown connections that the next evolution dropped again, 0..1; NaN where no evolution followed. */
  readonly shortLived: number;
  /** Overlap of the last topology with the first. */
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
  if (first === undefined || last === undefined) throw new LabError(`Run ${name} has no masks yet: it has not begun.`);
  let weights = 0,
    connections = 0,
    tried = 0,
    grown = 0,
    lost = 0;
  for (const [layer, mask] of first.masks) {
    const ever = mask.slice();
    history.forEach((moment, m) => {
      const [before, now, after] = [history[m - 1], moment, history[m + 1]].map((one) => one?.masks.get(layer));
      for (let i = 0; i < mask.length; i++) {
        if (now![i] === 0) continue;
        ever[i] = 1;
        if (before === undefined || after === undefined || before[i] === 1) continue;
        grown++;
        lost += 1 - after[i];
      }
    });
    weights += mask.length;
    connections += countNonzeros(mask);
    tried += countNonzeros(ever);
  }
  const moved = readTopology(directory).reduce((sum, { dropped }) => sum + dropped, 0);
  return {
    evolutions: last.evolution,
    weights,
    connections,
    moved,
    tried,
    shortLived: lost / grown,
    kept: maskOverlap(first.masks, last.masks),
  };
}
