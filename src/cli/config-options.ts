import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { BACKENDS, ConfigError, type ConfigInput } from "../config.js";
import { configFromText } from "../config/text.js";
import { plain, show } from "../messages.js";
import { namesFor } from "../config/names.js";
import { findRun } from "../runs/store.js";
import { weightsFrom } from "../runs/weights.js";

/** Options of the command line that describe a run. */
export interface ConfigFlags {
  readonly config?: string;
  readonly set: readonly string[];
  readonly short?: boolean;
  /** The run that a ticket comes from, by its name or a unique beginning of it. */
  readonly source?: string;
  /** The run or the file with whose weights training begins. */
  readonly from?: string;
  /** The folder of runs. */
  readonly runs?: string;
  readonly [flag: string]: unknown;
}

const ALGORITHMS = namesFor("algorithm");
const METHODS = namesFor("method");

/** Flags for the fields that change most often; --set sets any other field. */
const FLAGS: readonly (readonly [flag: string, value: string, path: string, about: string])[] = [
  ["environment", "NAME", "environment", "a map such as 3m, or a matrix game such as two-step (default: 3m)"],
  ["rules", "NAME", "rules", "rules of the battle simulator: starcraft or smaclite (default: starcraft)"],
  ["algorithm", "NAME", "algorithm", `${ALGORITHMS.slice(0, -1).join(", ")} or ${ALGORITHMS.at(-1)} (default: qmix)`],
  ["method", "NAME", "method", `${METHODS.slice(0, -1).join(", ")} or ${METHODS.at(-1)} (default: mast)`],
  [
    "sparsity",
    "SHARE",
    "sparsity.level",
    "share of weights removed, 0.95 for 95 % (default: 0.95; dense: 0; tiny: that of the sparse networks whose size it has)",
  ],
  [
    "ticket",
    "KIND",
    "ticket.kind",
    "train a fixed topology: random, or that of --source, winning (with new weights) or cheating (with its weights)",
  ],
  ["steps", "N", "steps", "environment steps (default: 2000000, as in the paper)"],
  ["engine", "NAME", "engine", "engine of the networks: sparse or tensorflow (default: sparse)"],
  [
    "backend",
    "NAME",
    "backend",
    `backend of the tensorflow engine: ${BACKENDS.slice(0, -1).join(", ")} or ${BACKENDS.at(-1)} (default: auto)`,
  ],
  ["seed", "N", "seed", "seed of everything random (default: 1)"],
];

/** Adds the options that describe a run to a command. */
export function addConfigOptions(command: Command): Command {
  command.option(
    "-c, --config <FILE>",
    "a JSON or YAML file with any part of a configuration, or the config.json of a run to train with changes",
  );
  for (const [flag, value, , about] of FLAGS) command.option(`--${flag} <${value}>`, about);
  command.option(
    "--parts <FILE...>",
    "files with parts of your own: environments, algorithms, growth rules, operators, methods (see examples/)",
  );
  command.option("--source <RUN>", "the run that a winning or cheating ticket comes from");
  command.option(
    "--from <RUN|FILE>",
    "begin with the weights of a run, or of a .safetensors file with PyMARL's names; networks must have equal sizes",
  );
  command.option(
    "--short",
    "default settings for runs of 100,000 to 500,000 steps, instead of the paper's for 2,000,000",
  );
  return command.option(
    "--set <FIELD=VALUE>",
    "any other field, for example returns.lambda=0.6; may be repeated",
    (value: string, before: readonly string[]) => {
      if (!/^[^=]+=/.test(value))
        throw new InvalidArgumentError(`expected FIELD=VALUE, for example returns.lambda=0.6`);
      return [...before, value];
    },
    [],
  );
}

/** The requested configuration, and fields with several values. */
export interface AskedFor {
  /** Settings of all runs. */
  readonly base: ConfigInput;
  /** Fields with several values. */
  readonly grid: Readonly<Record<string, readonly unknown[]>>;
}

/**
 * Collects the requested configurations. --set has precedence over flags, flags over the file, and the file over
 * --short. From a run's config.json the given values are taken. A flag or --set may have several values, "mast,rigl" or
 * "0.6,0.8". The values are checked later, by `resolveConfig`.
 * @throws {Error} in one line on an unreadable file, or an empty value between commas
 */
export function gridFrom(flags: ConfigFlags): AskedFor {
  const grid: Record<string, readonly unknown[]> = {};
  const flagged = FLAGS.filter(([flag]) => severalValues(String(flags[flag] ?? "")) !== undefined);
  for (const [flag, , path] of flagged) grid[path] = listed(`--${flag}`, String(flags[flag]));
  const set = flags.set.filter((entry) => {
    const [path, text] = [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)];
    if (severalValues(text) === undefined) return true;
    grid[path] = listed(`--set ${path}`, text);
    return false;
  });
  const single = { ...flags, set, ...Object.fromEntries(flagged.map(([flag]) => [flag, undefined])) };
  return { base: inputFrom(single, "steps" in grid), grid };
}

/** Splits a text at commas; undefined for a single value, including text in quotes and a list in brackets. */
function severalValues(text: string): readonly string[] | undefined {
  return text.includes(",") && typeof parseValue(text) === "string" && !text.startsWith('"')
    ? text.split(",")
    : undefined;
}

function listed(option: string, text: string): unknown[] {
  const values = severalValues(text)!.map((part) => part.trim());
  if (values.includes(""))
    throw new ConfigError(`${option} is ${show(text)}, in which a value between commas is empty.`);
  return values.map(parseValue);
}

/**
 * Builds the input of a configuration from flags.
 * @param budgeted whether the steps are given elsewhere
 */
function inputFrom(flags: ConfigFlags, budgeted = false): Record<string, unknown> {
  const input = flags.config === undefined ? {} : readConfigFile(flags.config);
  const { from } = input as ConfigInput;
  if (typeof from?.source === "string" && from.sha256 === undefined)
    input["from"] = weightsFrom(from.source, { runs: flags.runs });
  for (const [flag, , path] of FLAGS)
    if (flags[flag] !== undefined) assign(input, path, parseValue(String(flags[flag])));
  if (Array.isArray(flags["parts"])) assign(input, "parts", flags["parts"]);
  if (flags.short) assign(input, "short", true);
  // The whole name makes the configuration mean the same run always.
  if (flags.source !== undefined) assign(input, "ticket.source", basename(findRun(flags.source, { runs: flags.runs })));
  if (flags.from !== undefined) assign(input, "from", weightsFrom(flags.from, { runs: flags.runs }));
  for (const entry of flags.set)
    assign(input, entry.slice(0, entry.indexOf("=")), parseValue(entry.slice(entry.indexOf("=") + 1)));
  if (flags.short && !budgeted && input["steps"] === undefined)
    throw new ConfigError("--short needs a budget: give --steps, for example --steps 200000.");
  return input;
}

function readConfigFile(path: string): Record<string, unknown> {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(
      `Cannot read the config file ${plain(path)}: ${code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : plain((error as Error).message)}.`,
    );
  }
  return { ...configFromText(bytes, path) };
}

/** Parses numbers, true, false and quoted text as JSON; anything else is text. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Makes the input that sets the field at a path such as "returns.lambda" to a value. */
export function nestedInput(path: string, value: unknown): ConfigInput {
  const input: Record<string, unknown> = {};
  assign(input, path, value);
  return input;
}

/**
 * Sets the field at a path and copies the sections above it. Names such as `__proto__` become ordinary fields, which
 * `resolveConfig` refuses.
 */
function assign(input: Record<string, unknown>, path: string, value: unknown): void {
  const keys = path.split(".");
  let at = input;
  for (const key of keys.slice(0, -1)) {
    const below = Object.hasOwn(at, key) ? at[key] : undefined;
    const section = typeof below === "object" && below !== null ? { ...(below as Record<string, unknown>) } : {};
    define(at, key, section);
    at = section;
  }
  define(at, keys.at(-1)!, value);
}

function define(section: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(section, key, { value, enumerable: true, configurable: true, writable: true });
}
