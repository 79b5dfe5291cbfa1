import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { BACKENDS, type Config, ConfigError, type ConfigInput, resolveConfig } from "../config.js";
import { createEnvironment } from "../envs/index.js";
import { shortRun } from "../short-run.js";
import { ALGORITHMS, METHODS } from "../methods.js";
import { findRun } from "../runs/store.js";

/** What a person gave on the command line to describe a run. */
export interface ConfigFlags {
  readonly config?: string;
  readonly set: readonly string[];
  readonly short?: boolean;
  /** The run that a ticket comes from, by its name or as much of it as no other shares. */
  readonly source?: string;
  /** Where that run is. */
  readonly runs?: string;
  readonly [flag: string]: unknown;
}

/** Short flags for the fields that change most; any other is reached with --set. */
const FLAGS: readonly (readonly [flag: string, value: string, path: string, about: string])[] = [
  ["environment", "NAME", "environment", "a map such as 3m, or a matrix game such as two-step (default: 3m)"],
  ["rules", "NAME", "rules", "rules of the battle simulator: starcraft or smaclite (default: starcraft)"],
  ["algorithm", "NAME", "algorithm", `${ALGORITHMS.slice(0, -1).join(", ")} or ${ALGORITHMS.at(-1)} (default: qmix)`],
  ["method", "NAME", "method", `${METHODS.slice(0, -1).join(", ")} or ${METHODS.at(-1)} (default: mast)`],
  ["sparsity", "SHARE", "sparsity.level", "share of weights removed, 0.95 for 95 % (default: 0.95; dense: 0; tiny: of the sparse networks that it is as large as)"],
  ["ticket", "KIND", "ticket.kind", "a topology that stays fixed: random, or from --source a winning (new weights) or cheating one (its weights)"],
  ["steps", "N", "steps", "environment steps (default: 2000000, as in the paper)"],
  ["engine", "NAME", "engine", "what runs the networks: wasm or tensorflow (default: wasm)"],
  ["backend", "NAME", "backend", `what the tensorflow engine computes on: ${BACKENDS.slice(0, -1).join(", ")} or ${BACKENDS.at(-1)} (default: auto)`],
  ["seed", "N", "seed", "determines everything random (default: 1)"],
];

/** Adds the options that describe a run to a command. */
export function addConfigOptions(command: Command): Command {
  command.option("-c, --config <FILE>", "a JSON file with any part of a configuration");
  for (const [flag, value, , about] of FLAGS) command.option(`--${flag} <${value}>`, about);
  command.option("--source <RUN>", "the run that a winning or cheating ticket comes from");
  command.option("--short", "settings for runs of 100,000 to 500,000 steps where nothing else is given, instead of the paper's for 2,000,000");
  return command.option("--set <FIELD=VALUE>", "any other field, for example returns.lambda=0.6; may be repeated", (value: string, before: readonly string[]) => {
    if (!/^[^=]+=/.test(value)) throw new InvalidArgumentError(`expected FIELD=VALUE, for example returns.lambda=0.6`);
    return [...before, value];
  }, []);
}

/**
 * The configuration that was asked for: --short, over it the file, over it the flags, over them --set.
 * @throws {Error} in one line on an unreadable file, a wrong field or value, or an unknown environment
 */
export function configFrom(flags: ConfigFlags): Config {
  const input: Record<string, unknown> = flags.config === undefined ? {} : readConfigFile(flags.config);
  for (const [flag, , path] of FLAGS) if (flags[flag] !== undefined) assign(input, path, parseValue(String(flags[flag])));
  // The whole name, by which the configuration means the same run always.
  if (flags.source !== undefined) assign(input, "ticket.source", basename(findRun(flags.source, flags.runs === undefined ? {} : { runs: flags.runs })));
  for (const entry of flags.set) assign(input, entry.slice(0, entry.indexOf("=")), parseValue(entry.slice(entry.indexOf("=") + 1)));
  const config = resolveConfig(flags.short && typeof input["steps"] === "number" ? shortRun(input as ConfigInput & { steps: number }) : (input as ConfigInput));
  if (flags.short && input["steps"] === undefined) throw new ConfigError("--short needs a budget: give --steps, for example --steps 200000.");
  createEnvironment(config.environment, { rules: config.rules });
  return config;
}

function readConfigFile(path: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(`Cannot read the config file ${path}: ${code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : (error as Error).message}.`);
  }
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`The config file ${path} is not valid JSON: ${oneLine((error as Error).message)}.`);
  }
  if (typeof input !== "object" || input === null || Array.isArray(input)) throw new ConfigError(`The config file ${path} holds no object: expected for example { "environment": "3m" }.`);
  return input as Record<string, unknown>;
}

/** Numbers, true, false and quoted text as in JSON; anything else is text. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function assign(input: Record<string, unknown>, path: string, value: unknown): void {
  const keys = path.split(".");
  let at = input;
  for (const key of keys.slice(0, -1)) {
    const below = at[key];
    at = at[key] = typeof below === "object" && below !== null ? { ...(below as Record<string, unknown>) } : {};
  }
  at[keys.at(-1)!] = value;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
