/** The simulation that plays a battle. RULES.md compares the two. */
export type Rules = "starcraft" | "smaclite";

/** Units on the same layer collide. Those in `air` also fly over cliffs, and only some weapons reach them. */
export type Layer = "ground" | "colossus" | "air";

/** The motion and fire of a type of unit under one rule set. */
export interface UnitMotion {
  /** Speed in cells a second. */
  readonly speed: number;
  /** Speed gained each second, in cells a second; with 0 a unit is at full speed at once. */
  readonly acceleration: number;
  /** Seconds between two shots. */
  readonly period: number;
  /** Seconds from the decision to fire to the hit. */
  readonly damagePoint: number;
  /** Seconds after a hit in which a unit does not follow a target that leaves. */
  readonly backswing: number;
  /** Radius for weapon ranges, in cells. */
  readonly radius: number;
  /** Radius for collisions, in cells. */
  readonly separation: number;
  /** StarCraft's inner radius: half the width of the narrowest way that it can pass, in cells. */
  readonly inner: number;
  /** Speed of what it fires, in cells a second; with 0 it hits at once. */
  readonly missile: number;
  /** Seconds between the first and the second attack of a shot, if the second comes later. */
  readonly secondStrike: number;
  /** Cells between edges within which a unit without orders notices what it can attack. */
  readonly notice: number;
  /** Cells by which a target may leave the weapon's range while a shot is under way. */
  readonly slack: number;
  /** Health points regenerated a second. */
  readonly regeneration: number;
  readonly layer: Layer;
}

/** A type of unit, as data. Health, damage and armour are the same in StarCraft II and SMAClite, but motion is not. */
export interface UnitType {
  readonly name: string;
  readonly health: number;
  readonly shield: number;
  readonly armor: number;
  readonly light: boolean;
  readonly armored: boolean;
  /** Damage of one attack, before bonus and armour. Each shot consists of `attacks` attacks. */
  readonly damage: number;
  readonly attacks: number;
  readonly bonusLight: number;
  readonly bonusArmored: number;
  /** Range of the weapon, in cells between the edges of shooter and target. */
  readonly range: number;
  readonly hitsAir: boolean;
  /** Whether it heals allies instead of shooting; `range` is then that of healing. */
  readonly heals: boolean;
  /** Whether it burns a line across the target instead of the target alone. */
  readonly beam: boolean;
  /** The number by which SMAC divides the remaining cooldown (in loops) in the state, or a healer's energy. */
  readonly observedCooldown: number;
  readonly starcraft: UnitMotion;
  readonly smaclite: UnitMotion;
}

/**
 * A healer's energy at the start, its greatest energy, what it regains a second, and the health points that a point of
 * energy buys.
 */
export const ENERGY_START = 50;
export const ENERGY_MAX = 200;
export const ENERGY_PER_SECOND = 0.5625;
export const HEALTH_PER_ENERGY = 3;
/** Health points a healer restores a second. */
export const HEAL_PER_SECOND = 9;
/** Seconds without a hit before shields regenerate, and shield points regained a second. */
export const SHIELD_DELAY = 10;
export const SHIELD_PER_SECOND = 2;
/** The colossus burns a line this wide across the line of fire and this deep along it, in cells. */
export const BEAM_WIDTH = 2.8;
export const BEAM_DEPTH = 0.3;

const shooter = {
  shield: 0,
  armor: 0,
  light: false,
  armored: false,
  attacks: 1,
  bonusLight: 0,
  bonusArmored: 0,
  hitsAir: false,
  heals: false,
  beam: false,
} as const;

/** Returns a ground unit's motion. Parts that are not given take their commonest value. */
function motion(parts: Partial<UnitMotion> & Pick<UnitMotion, "speed" | "period" | "radius">): UnitMotion {
  return {
    acceleration: 0,
    damagePoint: 0,
    backswing: 0,
    separation: parts.radius,
    inner: 0.375,
    missile: 0,
    secondStrike: 0,
    notice: 5,
    slack: 1,
    regeneration: 0,
    layer: "ground",
    ...parts,
  };
}

export const marine: UnitType = {
  ...shooter,
  name: "marine",
  health: 45,
  light: true,
  damage: 6,
  range: 5,
  hitsAir: true,
  observedCooldown: 15,
  starcraft: motion({
    speed: 2.25,
    period: 0.8608,
    damagePoint: 0.05,
    radius: 0.375,
    separation: 0.34375,
    notice: 5.5,
  }),
  smaclite: motion({ speed: 3.15, period: 0.61, radius: 0.375 }),
};

export const marauder: UnitType = {
  ...shooter,
  name: "marauder",
  health: 125,
  armor: 1,
  armored: true,
  damage: 10,
  bonusArmored: 10,
  range: 6,
  observedCooldown: 25,
  starcraft: motion({ speed: 2.25, period: 1.5, radius: 0.5625, separation: 0.53125, missile: 20, notice: 6.5 }),
  smaclite: motion({ speed: 3.15, period: 1.07, radius: 0.5625 }),
};

export const medivac: UnitType = {
  ...shooter,
  name: "medivac",
  health: 150,
  armor: 1,
  armored: true,
  damage: 0,
  range: 4,
  heals: true,
  observedCooldown: ENERGY_MAX,
  starcraft: motion({ speed: 2.75, acceleration: 2.3125, period: 0, radius: 0.75, inner: 0.75, layer: "air" }),
  smaclite: motion({ speed: 3.5, period: 0, radius: 0.75, layer: "air" }),
};

export const stalker: UnitType = {
  ...shooter,
  name: "stalker",
  health: 80,
  shield: 80,
  armor: 1,
  armored: true,
  damage: 13,
  bonusArmored: 5,
  range: 6,
  hitsAir: true,
  observedCooldown: 35,
  starcraft: motion({
    speed: 2.9531,
    period: 1.87,
    damagePoint: 0.167,
    radius: 0.625,
    separation: 0.59375,
    inner: 0.5,
    missile: 18.75,
    notice: 6.5,
  }),
  smaclite: motion({ speed: 4.13, period: 1.34, radius: 0.625 }),
};

export const zealot: UnitType = {
  ...shooter,
  name: "zealot",
  health: 100,
  shield: 50,
  armor: 1,
  light: true,
  damage: 8,
  attacks: 2,
  range: 0.1,
  observedCooldown: 22,
  starcraft: motion({ speed: 2.25, period: 1.2, backswing: 0.5, radius: 0.5, separation: 0.46875, secondStrike: 0.28 }),
  smaclite: motion({ speed: 3.15, period: 0.86, radius: 0.5 }),
};

export const colossus: UnitType = {
  ...shooter,
  name: "colossus",
  health: 200,
  shield: 150,
  armor: 1,
  armored: true,
  damage: 10,
  attacks: 2,
  bonusLight: 5,
  range: 7,
  beam: true,
  observedCooldown: 24,
  starcraft: motion({
    speed: 2.25,
    period: 1.5,
    damagePoint: 0.0833,
    radius: 1,
    separation: 0.96875,
    inner: 0.5625,
    notice: 7.5,
    slack: 0,
    layer: "colossus",
  }),
  smaclite: motion({ speed: 3.15, period: 1.07, radius: 1 }),
};

export const zergling: UnitType = {
  ...shooter,
  name: "zergling",
  health: 35,
  light: true,
  damage: 5,
  range: 0.1,
  observedCooldown: 11,
  starcraft: motion({
    speed: 2.9531,
    period: 0.696,
    damagePoint: 0.167,
    backswing: 0.5,
    radius: 0.375,
    separation: 0.34375,
    regeneration: 0.2734,
  }),
  smaclite: motion({ speed: 4.13, period: 0.497, radius: 0.375, regeneration: 0.38 }),
};

/** Tells whether a unit may fire at (or heal) another. */
export function canTarget(shooterType: UnitType, targetType: UnitType, rules: Rules): boolean {
  const air = targetType[rules].layer === "air";
  return shooterType.heals ? !air : shooterType.hitsAir || !air;
}

/** Returns the damage of one attack before armour. */
export function attackDamage(shooterType: UnitType, targetType: UnitType): number {
  return (
    shooterType.damage +
    (targetType.light ? shooterType.bonusLight : 0) +
    (targetType.armored ? shooterType.bonusArmored : 0)
  );
}
