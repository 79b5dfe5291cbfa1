import { parseDocument } from "yaml";
import { plain, show } from "../messages.js";
import type { ConfigInput } from "./config.js";
import { ConfigError } from "./error.js";
import { isTree, type Tree } from "./merge.js";
import { changesSince } from "./resolve.js";

/** A larger file is not a configuration. */
const MOST_BYTES = 1_000_000;

/**
 * Reads the content of a configuration file: JSON or YAML, as UTF-8 or UTF-16, with or without a byte-order mark. From
 * a run's config.json it takes the values that were given and the changes made by hand since. The values are not
 * checked yet: `resolveConfig` does that.
 *
 * @param bytes the whole file
 * @param name the file's name, for messages; with the ending .json it must be JSON, with .yaml or .yml YAML
 * @throws {ConfigError} naming the file, when it is not text, neither JSON nor YAML, or holds no object
 * @example configFromText(new TextEncoder().encode("steps: 200_000"), "run.yaml"); // { steps: 200000 }
 */
export function configFromText(bytes: Uint8Array, name: string): ConfigInput {
  const content = fieldsFromText(bytes, name, "config file", "environment: 3m");
  const file = `The config file ${plain(name)}`;
  if (!("given" in content)) return content;
  // The version of the rules records what the run was trained under; training it again uses the present version.
  const { given, environmentVersion: _, ...now } = content as Record<string, unknown>;
  if (!isTree(given))
    throw new ConfigError(
      `${file} has ${show(given)} in its field "given"; expected an object. Take the config.json of another run.`,
    );
  return changesSince(given, now);
}

/**
 * The fields of a JSON or YAML file.
 *
 * @param what how messages call the file: "config file"
 * @param example a field with its value, in YAML
 * @throws {ConfigError} naming the file, when it is not text, neither JSON nor YAML, or holds no object
 */
export function fieldsFromText(bytes: Uint8Array, name: string, what: string, example: string): Tree {
  const file = `The ${what} ${plain(name)}`;
  if (bytes.length > MOST_BYTES)
    throw new ConfigError(
      `${file} has ${bytes.length.toLocaleString("en")} bytes; a ${what} has at most ${MOST_BYTES.toLocaleString("en")}.`,
    );
  const text = decode(bytes, file);
  const json = /\.json$/i.test(name) || (!/\.ya?ml$/i.test(name) && text.trimStart().startsWith("{"));
  const content = json ? parseJson(text, file) : parseYaml(text, file);
  const [field, value] = example.split(": ");
  if (!isTree(content))
    throw new ConfigError(
      `${file} holds ${content === null ? "nothing" : show(content)}: expected fields, for example ${json ? `{ "${field}": "${value}" }` : example}.`,
    );
  return content;
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigError(`${file} is not text in UTF-8 or UTF-16: save it as UTF-8.`);
  }
}

/**
 * Detects the encoding by the byte-order mark, or without one by the zero bytes that UTF-16 puts into JSON and YAML.
 */
function encodingOf([first, second]: Uint8Array): string {
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return "utf-16le";
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return "utf-16be";
  return "utf-8";
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`${file} is not valid JSON: ${reason(error)}.`);
  }
}

function parseYaml(text: string, file: string): unknown {
  let problem: string | undefined;
  try {
    const document = parseDocument(text, { logLevel: "error", prettyErrors: true });
    problem = [...document.errors, ...document.warnings][0]?.message;
    if (problem === undefined) return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    problem = reason(error);
  }
  // The lines after the first show the place in the file; the message needs the first one only.
  throw new ConfigError(`${file} is not valid YAML: ${plain(problem.split("\n")[0].replace(/:$/, ""))}.`);
}

function reason(error: unknown): string {
  return error instanceof RangeError ? "it is nested too deeply" : plain((error as Error).message);
}
