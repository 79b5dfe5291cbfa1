import type { ConfigInput } from "mast-lab/core";
import { MOST_SEEDS } from "./controls.js";

/**
 * What a person has chosen for one team: values by field of the configuration, such as "returns.lambda", and the number
 * of seeds.
 */
export interface Chosen {
  readonly fields: ReadonlyMap<string, unknown>;
  /** Number of runs of the team, whose seeds count up. */
  readonly seeds: number;
}

/** The classroom profile of the lab's quickstart: MAST at 95 % sparsity on 3m, which takes about a minute. */
export const START: Chosen = {
  fields: new Map<string, unknown>([
    ["environment", "3m"],
    ["method", "mast"],
    ["sparsity.level", 0.95],
    ["steps", 100_000],
    ["evaluation.window", 8],
    ["seed", 1],
  ]),
  seeds: 1,
};

/** The team beside it at first: the same one without any connection missing. */
export const SECOND: Chosen = {
  fields: new Map<string, unknown>([
    ["environment", "3m"],
    ["method", "dense"],
    ["steps", 100_000],
    ["evaluation.window", 8],
    ["seed", 1],
  ]),
  seeds: 1,
};

/** Returns the configuration of one run. What is left out has the defaults of its method in a short run. */
export function inputOf({ fields }: Chosen, run = 0): ConfigInput {
  const input: Record<string, unknown> = { short: true, log: { interval: 1_000 } };
  for (const [path, value] of fields) {
    const keys = path.split(".");
    let section = input;
    for (const key of keys.slice(0, -1)) {
      const below = Object.hasOwn(section, key) ? section[key] : undefined;
      const copy = typeof below === "object" && below !== null ? { ...(below as Record<string, unknown>) } : {};
      define(section, key, copy);
      section = copy;
    }
    define(section, keys.at(-1)!, value);
  }
  if (typeof input["seed"] === "number") input["seed"] += run;
  return input;
}

/** Sets a field. Even a name such as `__proto__` becomes an ordinary field, which `resolveConfig` then refuses. */
function define(section: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(section, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Returns the part of an address after "#" that describes teams: "environment=3m&method=mast&b.method=dense". */
export function linkOf(teams: readonly Chosen[]): string {
  const parameters = new URLSearchParams();
  teams.forEach(({ fields, seeds }, team) => {
    const prefix = team === 0 ? "" : "b.";
    fields.forEach((value, field) => parameters.append(prefix + field, textOf(value)));
    if (seeds > 1) parameters.append(`${prefix}seeds`, String(seeds));
  });
  return parameters.toString();
}

/** Returns the teams of an address. If it names none, the first is the one of the start. */
export function teamsOf(hash: string): Chosen[] {
  const first = { fields: new Map<string, unknown>(), seeds: 1 };
  const second = { fields: new Map<string, unknown>(), seeds: 1 };
  new URLSearchParams(hash.replace(/^#/, "")).forEach((text, name) => {
    const [team, field] = name.startsWith("b.") ? [second, name.slice(2)] : [first, name];
    if (field === "seeds") team.seeds = Math.min(MOST_SEEDS, Math.max(1, Math.round(Number(text)) || 1));
    else if (field !== "") team.fields.set(field, valueOf(text));
  });
  return [first.fields.size > 0 ? first : START, ...(second.fields.size > 0 ? [second] : [])];
}

/** Reads numbers, true, false and quoted text as in JSON. Anything else is text. */
export function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Returns the text that `valueOf` reads as this value. */
export function textOf(value: unknown): string {
  return typeof value === "string" && valueOf(value) === value ? value : JSON.stringify(value);
}
