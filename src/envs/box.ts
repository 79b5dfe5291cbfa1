import { LabError } from "../errors.js";
import { describeValue, isObject } from "../parts/registry.js";
import type { EnvironmentSizes } from "./environment.js";

/**
 * Describes what is wrong with the box of an environment's sizes, in words that follow the environment's name;
 * undefined if nothing is wrong or there is no box.
 */
export function boxFault({ box, agents, actions }: EnvironmentSizes): string | undefined {
  if (box === undefined) return undefined;
  if (!isObject(box)) return `has sizes.box ${describeValue(box)}; expected { low, high }, lists of numbers`;
  const { low, high } = box;
  for (const [key, bounds] of Object.entries({ low, high }))
    if (!Array.isArray(bounds) || bounds.length !== agents * actions)
      return `has sizes.box.${key} ${describeValue(bounds)}; expected a list of ${agents * actions} numbers, ${actions} for each of ${agents} agents`;
  const wrong = low.findIndex((least, i) => !(Number.isFinite(least) && Number.isFinite(high[i]) && least < high[i]));
  return wrong < 0
    ? undefined
    : `has a box from ${describeValue(low[wrong])} to ${describeValue(high[wrong])} for number ${wrong % actions} of agent ${Math.floor(wrong / actions)}'s action; expected two finite numbers, the lower one first`;
}

/**
 * Refuses a continuous joint action outside the environment's box. Bounds are rounded to 32-bit floats, in which
 * actions are stored.
 *
 * @param environment name of the environment, for messages
 * @param jointAction [agents, actions], row-major
 * @throws {LabError} on a wrong length, and on a number outside the box, naming the agent, the number and its bounds
 */
export function refuseOutsideBox(
  environment: string,
  jointAction: ArrayLike<number>,
  { agents, actions, box }: EnvironmentSizes,
): void {
  const { low, high } = box!;
  if (jointAction.length !== agents * actions)
    throw new LabError(
      `${environment}: got a joint action of ${jointAction.length} numbers, needs ${actions} for each of ${agents} agents.`,
    );
  for (let i = 0; i < jointAction.length; i++) {
    const value = Math.fround(jointAction[i]);
    if (!(value >= Math.fround(low[i]) && value <= Math.fround(high[i])))
      throw new LabError(
        `${environment}: agent ${Math.floor(i / actions)} cannot play ${jointAction[i]} as number ${i % actions} of its action: allowed is ${low[i]} to ${high[i]}.`,
      );
  }
}
