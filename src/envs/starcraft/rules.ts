import type { Rules } from "./units.js";

/**
 * Versions of the rules: a number grows whenever a battle may go another way than before. A run belongs to the version
 * that it was trained under. The `starcraft` rules of version 1 were those before the real game's recordings were
 * compared; version 2 lasted for minutes.
 */
export const RULES_VERSIONS: Readonly<Record<Rules, number>> = { starcraft: 5, smaclite: 2 };

/** What enemies do under `starcraft` rules by numbers that are this project's, not the game's (RULES.md). */
export interface EnemyHabits {
  /** All enemies look for targets at once, every so many ticks. */
  readonly lookPeriod: number;
  /** Of targets that are otherwise as good, one counts as this many cells farther for each comrade that aims at it. */
  readonly comrade: number;
  /** The same to a shooter that has a target and looks again, among those in its reach. */
  readonly comradeAgain: number;
  /** To such a shooter each of these also counts as up to so many cells farther, by chance. */
  readonly whim: number;
  /** To a shooter its old target counts as this many cells nearer than touching. */
  readonly old: number;
  /** An enemy gives up a target this many cells beyond what it notices. */
  readonly leash: number;
  /** One that has arrived where it was sent goes after whoever is this near, edge to edge, in cells. */
  readonly hunt: number;
  /** Enemies without a target look for one when a comrade is hit this near, in cells. */
  readonly callForHelp: number;
}

/** The numbers by which enemies behave unless others are given; RULES.md says how far recordings fix them. */
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
