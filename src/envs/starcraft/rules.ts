import type { Rules } from "./units.js";

/**
 * Versions of the rules: a number grows whenever a battle may go another way than before. A run belongs to the version that it was trained under.
 * The `starcraft` rules of version 1 were those before the real game's recordings were compared; version 2 lasted for minutes.
 */
export const RULES_VERSIONS: Readonly<Record<Rules, number>> = { starcraft: 4, smaclite: 2 };

/** How a battle is played under one rule set. */
export interface BattleRules {
  /** 1 where a cell can be walked, [MAP_SIZE, MAP_SIZE] row-major from y = 0. */
  readonly open: Uint8Array;
  /** Places the units; every array of the episode is zero before. */
  reset(seed: number): void;
  /** Gives agent `i`, which lives, the order of a legal action. */
  order(i: number, action: number): void;
  /** Plays one step; sets the reward, and `ended` and `won` where the battle is over. */
  play(): void;
}
