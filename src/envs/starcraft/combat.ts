import type { Battle } from "./battle.js";
import { BEAM_DEPTH, BEAM_WIDTH } from "./units.js";

/** What the last `strike` took. It is an array because V8 would allocate a returned number. */
export const taken = new Float64Array(1);

/**
 * Fires one shot of unit `i` at unit `t`. Each of its attacks takes shield first, then health, reduced by armour.
 *
 * @param minimum least damage of an attack that reaches health (0.5 in StarCraft II)
 * @param shieldDelay how long the victim's shield then does not regenerate
 * @param attacks number of attacks in the shot
 * @returns nothing; `taken` then holds the shield and health points taken, without overkill
 */
export function strike(b: Battle, i: number, t: number, minimum: number, shieldDelay: number, attacks: number): void {
  const { health, shield, maxShield } = b;
  const amount = b.damage[i * b.units + t];
  const armor = b.armor[t];
  taken[0] = 0;
  for (let k = attacks; k > 0 && health[t] > 0; k--) {
    let rest = amount;
    if (maxShield[t] > 0) {
      b.shieldDelay[t] = shieldDelay;
      const absorbed = Math.min(rest, shield[t]);
      shield[t] -= absorbed;
      rest -= absorbed;
      taken[0] += absorbed;
      if (rest === 0) continue;
    }
    const dealt = Math.min(Math.max(rest - armor, minimum), health[t]);
    health[t] -= dealt;
    taken[0] += dealt;
  }
}

/**
 * Tells whether unit `j` touches the beam that unit `i` burns across (beamX, beamY): a rectangle of BEAM_WIDTH across
 * the line of fire and BEAM_DEPTH along it, centred on that point.
 */
export function inBeam(b: Battle, i: number, j: number): boolean {
  const { x, y, beamX, beamY } = b;
  const dx = x[j] - beamX[i];
  const dy = y[j] - beamY[i];
  const fx = beamX[i] - x[i];
  const fy = beamY[i] - y[i];
  const length = Math.sqrt(fx * fx + fy * fy);
  if (length === 0) return dx === 0 && dy === 0;
  const along = Math.max(0, Math.abs((dx * fx + dy * fy) / length) - BEAM_DEPTH / 2);
  const across = Math.max(0, Math.abs((dx * fy - dy * fx) / length) - BEAM_WIDTH / 2);
  return along * along + across * across <= b.radius[j] * b.radius[j];
}

/** Gives up a shot that is under way. The weapon is ready at once, because it has not fired. */
export function calmDown(b: Battle, i: number): void {
  if (b.windup[i] === 0) return;
  b.windup[i] = 0;
  b.cooldown[i] = 0;
}
