import type { NetworkShape } from "../src/networks/parameters.js";

/** Network sizes of the paper's Table 3. */
const network = { hidden: 64, embed: 32, hypernetEmbed: 64 };

/** Shapes of QMIX's networks on three of SMAC's maps. */
export const shapes = {
  "3m": { agents: 3, observation: 30, actions: 9, state: 48, ...network },
  "2s3z": { agents: 5, observation: 80, actions: 11, state: 120, ...network },
  "3s5z": { agents: 8, observation: 128, actions: 14, state: 216, ...network },
} as const satisfies Record<string, NetworkShape>;

export type ShapeName = keyof typeof shapes;

/** Shares of weights that are kept; 1 is dense. Table 1 of the paper trains at 0.05 to 0.2. */
export const DENSITIES = [1, 0.2, 0.1, 0.05] as const;

/** Number of episodes in a batch, as in Table 3. */
export const BATCH = 32;
