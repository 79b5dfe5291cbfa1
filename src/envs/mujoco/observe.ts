/** The joints whose positions and velocities an agent sees, by name. */
export interface JointsSeen {
  /** Position and velocity of each: the agent's own joints. */
  readonly own: readonly string[];
  /** The position alone: the nearer ones first. */
  readonly near: readonly string[];
}

/**
 * Returns how many neighbours away an agent sees: 0 for "own", k for "k=...", Infinity for "full"; undefined where it
 * is none of these.
 */
export function readObserve(observe: string): number | undefined {
  if (observe === "own") return 0;
  if (observe === "full") return Infinity;
  const [, k] = /^k=(\d{1,3})$/.exec(observe) ?? [];
  return k === undefined ? undefined : Number(k);
}

/**
 * The joints that an agent sees, in the order of its observation: within a distance they are sorted by name, as plain
 * text.
 *
 * @param own the agent's joints
 * @param neighbours lists of joints of which each is next to all others
 * @param distance k, how many neighbours away the farthest ones are
 */
export function jointsSeen(
  own: readonly string[],
  neighbours: readonly (readonly string[])[],
  distance: number,
): JointsSeen {
  const known = new Set(own);
  const near: string[] = [];
  let edge: readonly string[] = own;
  for (let k = 0; k < distance && edge.length > 0; k++) {
    const next = new Set(neighbours.filter((list) => list.some((joint) => edge.includes(joint))).flat());
    edge = [...next].filter((joint) => !known.has(joint)).sort();
    for (const joint of edge) known.add(joint);
    near.push(...edge);
  }
  return { own: [...own].sort(), near };
}
