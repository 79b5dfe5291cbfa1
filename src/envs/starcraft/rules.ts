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
