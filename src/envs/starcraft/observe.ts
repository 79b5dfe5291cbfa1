import type { Battle } from "./battle.js";

/**
 * How far an agent sees (strictly nearer), and from how far it may be told to attack: in cells, and the same for all
 * weapons, as in SMAC.
 */
export const SIGHT = 9;
export const ATTACK_RANGE = 6;
/** Actions before the targets: no-op, stop, north, south, east, west. */
export const FIRST_TARGET = 6;
export const MAP_SIZE = 32;

/** Lengths of the blocks of observation and state on a map; 0 for shield and type if a side has none. */
export interface Blocks {
  readonly types: number;
  readonly allyShield: number;
  readonly enemyShield: number;
  /** Lengths of one ally, one enemy and the agent itself in an observation. */
  readonly ally: number;
  readonly enemy: number;
  readonly own: number;
  readonly observation: number;
  /** Lengths of one ally and one enemy in the state. */
  readonly allyState: number;
  readonly enemyState: number;
  readonly state: number;
}

/**
 * The observations and legal actions of agents, and the global state. Compiled loops write it (compiled/observe.c).
 *
 * An attack is legal within 6 cells of a living enemy (for a healer, of a living ally that is no healer), a move if the
 * cell one ahead is open, and no-op only for dead agents.
 *
 * An agent sees 4 bits for the legal moves; each enemy, then each other ally in sight as [attackable or visible,
 * distance / 9, dx / 9, dy / 9, health, shield, type], zeros if it is dead or out of sight; and its own [health,
 * shield, type]. A dead agent sees only zeros.
 *
 * The state holds each ally as [health, cooldown (a healer: energy), x and y from the middle of the map, shield, type],
 * each enemy as [health, x, y, shield, type], zeros for the dead; then the last joint action, one-hot.
 */
export interface View {
  /** [agents, blocks.observation] */
  readonly observations: Float32Array;
  /** [blocks.state] */
  readonly state: Float32Array;
  /** 1 for a legal action, [agents, actions] */
  readonly availableActions: Uint8Array;
  /** Brings all of them up to date. */
  show(): void;
}

/** Returns the lengths that follow from a battle's units, as in SMAC's get_obs_size and get_state_size. */
export function blocksOf(b: Battle): Blocks {
  const types = b.map.allyTypes.length;
  const allyShield = Number(b.maxShield.subarray(0, b.allies).some((shield) => shield > 0));
  const enemyShield = Number(b.maxShield.subarray(b.allies).some((shield) => shield > 0));
  const ally = 5 + allyShield + types;
  const enemy = 5 + enemyShield + types;
  const own = 1 + allyShield + types;
  const allyState = 4 + allyShield + types;
  const enemyState = 3 + enemyShield + types;
  return {
    types,
    allyShield,
    enemyShield,
    ally,
    enemy,
    own,
    observation: 4 + b.enemies * enemy + (b.allies - 1) * ally + own,
    allyState,
    enemyState,
    state: b.allies * allyState + b.enemies * enemyState + b.allies * b.actions,
  };
}
