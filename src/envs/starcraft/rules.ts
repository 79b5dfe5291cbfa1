import type { BattleMap } from "./maps.js";
import type { Rules } from "./units.js";

/**
 * Versions of the rules. A number grows whenever a battle may go another way than before, and a run belongs to the
 * version that it was trained under. Version 1 of the `starcraft` rules was made before they were compared with
 * recordings of the real game; version 2 lasted for minutes. Versions 6 and 7 differ from 5 in what colossi
 * do, and in the terrain of 2c_vs_64zg: see `rulesVersion`.
 */
const RULES_VERSIONS: Readonly<Record<Rules, number>> = { starcraft: 7, smaclite: 2 };

/**
 * Returns the version of the rules of a map. Without colossi battles go as by version 5, to the bit, and so their runs
 * stay comparable.
 */
export function rulesVersion({ allies, enemies }: Pick<BattleMap, "allies" | "enemies">, rules: Rules): number {
  const hasColossi = [...allies, ...enemies].some(([{ starcraft }]) => starcraft.layer === "colossus");
  return rules === "starcraft" && !hasColossi ? 5 : RULES_VERSIONS[rules];
}

/**
 * Numbers that decide what enemies do under `starcraft` rules and that are this project's, not the game's (RULES.md).
 */
export interface EnemyHabits {
  /** All enemies look for targets at the same time, once in this many ticks. */
  readonly lookPeriod: number;
  /**
   * Among targets that are equally good otherwise, one counts as this many cells farther for each comrade that aims at
   * it.
   */
  readonly comrade: number;
  /** The same for a shooter that has a target and looks again, among targets in its reach. */
  readonly comradeAgain: number;
  /** For such a shooter each of these also counts as up to this many cells farther, by chance. */
  readonly whim: number;
  /** For a shooter its old target counts as this many cells nearer than touching. */
  readonly old: number;
  /** An enemy gives up a target this many cells beyond what it notices. */
  readonly leash: number;
  /** An enemy that has arrived where it was sent goes after whoever is this near, in cells between edges. */
  readonly hunt: number;
  /** Enemies without a target look for one if a comrade that is this near, in cells, is hit. */
  readonly callForHelp: number;
}

/** The numbers by which enemies behave unless others are given. RULES.md says how far recordings fix them. */
export const HABITS: EnemyHabits = {
  lookPeriod: 12,
  comrade: 10,
  comradeAgain: 2,
  whim: 5,
  old: 0,
  leash: 3,
  hunt: 6,
  callForHelp: 4,
};

/** The functions by which a battle is played under one rule set. */
export interface BattleRules {
  /** 1 for a cell that can be walked on, [MAP_SIZE, MAP_SIZE] row-major from y = 0. */
  readonly open: Uint8Array;
  /** Places the units. Every array of the episode has to be zero before. */
  reset(seed: number): void;
  /** Gives agent `i`, which has to be alive, the order of a legal action. */
  order(i: number, action: number): void;
  /** Plays one step and sets the reward, and also `ended` and `won` if the battle is over. */
  play(): void;
}
