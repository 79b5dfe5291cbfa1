import type { AdamOptions } from "./engine.js";
import type { Parameters } from "./parameters.js";

const PREFIX = "moments.";

/** Tells whether a step is one of Adam, from whose first on there are means of gradients to keep. */
export const isAdam = (options: object): options is AdamOptions => "step" in options;

/** Joins Adam's two running means in one map, as checkpoints keep them, with that of gradients by "moments.NAME". */
export function joinMoments(squares: Parameters, moments: Parameters): Map<string, Float32Array> {
  return new Map([...squares, ...[...moments].map(([name, values]) => [`${PREFIX}${name}`, values] as const)]);
}

/** Splits the map that `joinMoments` returned. */
export function splitMoments(state: Parameters): { readonly squares: Parameters; readonly moments: Parameters } {
  const squares = new Map<string, Float32Array>();
  const moments = new Map<string, Float32Array>();
  for (const [name, values] of state)
    if (name.startsWith(PREFIX)) moments.set(name.slice(PREFIX.length), values);
    else squares.set(name, values);
  return { squares, moments };
}
