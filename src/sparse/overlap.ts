import { LabError } from "../errors.js";
import { countNonzeros } from "./mask.js";

/** The masks of a network by weight name: [out, in] row-major, 1 where the connection is. */
export type Masks = ReadonlyMap<string, Uint8Array>;

/** The number of connections that two topologies of the same layers share, and what to expect by chance. */
export interface Overlap {
  /** Number of connections of the first topology. */
  readonly connections: number;
  /** Number of connections that both have. */
  readonly shared: number;
  /**
   * Mean number of connections that two random topologies with as many connections in each layer would share: in a
   * layer of N weights of which one has a and the other b, the number is hypergeometric with mean a b / N.
   */
  readonly chance: number;
  /** Standard deviation of the number that random topologies share. */
  readonly deviation: number;
}

/**
 * Counts the connections that two topologies share over all layers, and the number to expect by chance.
 *
 * @throws {Error} when they are not masks of the same layers, naming what differs
 * @example const { connections, shared, chance } = maskOverlap(start.masks, end.masks); console.log(`${shared} of
 * ${connections} are left, by chance it would be ${chance}`);
 */
export function maskOverlap(first: Masks, second: Masks): Overlap {
  const names = new Set([...first.keys(), ...second.keys()]);
  if (names.size === 0)
    throw new LabError("Two topologies were given without any mask: dense networks have none to compare.");
  let connections = 0,
    shared = 0,
    chance = 0,
    variance = 0;
  for (const name of names) {
    const a = first.get(name),
      b = second.get(name);
    if (a === undefined || b === undefined || a.length !== b.length) {
      throw new LabError(
        `The masks of ${name} have ${a?.length ?? "no"} and ${b?.length ?? "no"} entries; only topologies of equal layers can be compared.`,
      );
    }
    const size = a.length;
    const counts = [countNonzeros(a), countNonzeros(b)] as const;
    const mean = (counts[0] * counts[1]) / size;
    connections += counts[0];
    for (let i = 0; i < size; i++) shared += a[i] & b[i];
    chance += mean;
    if (size > 1) variance += (mean * (1 - counts[0] / size) * (size - counts[1])) / (size - 1);
  }
  return { connections, shared, chance, deviation: Math.sqrt(variance) };
}

/** Picks the masks of one network, "agent" or "mixer", from those of a team. */
export function masksOf(network: string, masks: Masks): Masks {
  return new Map([...masks].filter(([name]) => name.startsWith(`${network}.`)));
}
