import { distance } from "fastest-levenshtein";

/** Largest number of characters of a value that a message repeats. */
const LENGTH = 60;

/** Largest number of characters of a message. */
const MOST = 2_000;

/** Characters that would move a terminal's cursor, break the line, or reorder the text that is shown. */
const UNSEEN = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

const CONTROL = new RegExp(`[\\u0000-\\u001f]|${UNSEEN.source}`, "g");

/**
 * A value as a message repeats it: like JSON on one line, at most about 60 characters, control characters escaped. It
 * never throws, whatever it is given.
 *
 * @example show({ level: 0.5 }); // {"level":0.5}
 */
export function show(value: unknown): string {
  let text: string;
  try {
    text = describe(value, 0);
  } catch {
    return "a value that cannot be shown";
  }
  return text.length > LENGTH + 6 ? `${cut(text)}…` : text;
}

/**
 * Text from elsewhere, such as a parser's message, made safe to repeat: one line of at most `length` characters with
 * control characters escaped.
 */
export function plain(text: string, length = 200): string {
  const line = JSON.stringify(
    text
      .slice(0, 4 * length)
      .replace(/\s+/g, " ")
      .trim(),
  )
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll("\\\\", "\\")
    .replace(UNSEEN, escaped);
  return line.length > length ? `${cut(line, length)}…` : line;
}

/** A message as one line that is safe to print on a terminal. A message too long to be read is cut. */
export function oneLine(message: string): string {
  const line = message
    .trim()
    .replace(/\s*\n\s*/g, " ")
    .replace(CONTROL, escaped);
  return line.length > MOST ? `${cut(line, MOST)}…` : line;
}

/**
 * Finds the entry of `known` that `given` most probably misspells: at most two letters in five differ, capitals aside.
 *
 * @returns undefined when no entry is close
 * @example
 * closest("3mm", ["3m", "8m", "MMM"]); // "3m"
 * closest("mine", ["3m", "8m", "MMM"]); // undefined
 */
export function closest(given: string, known: readonly string[]): string | undefined {
  if (given.length > 100) return undefined;
  const [best] = known
    .map((name) => [distance(given.toLowerCase(), name.toLowerCase()), name] as const)
    .sort((a, b) => a[0] - b[0]);
  return best !== undefined && best[0] <= 0.4 * Math.max(given.length, best[1].length) ? best[1] : undefined;
}

/** `did you mean "3m"? `, or nothing when none of the known names is close to what was given. */
export function didYouMean(given: string, known: readonly string[]): string {
  const name = closest(given, known);
  return name === undefined ? "" : `did you mean "${name}"? `;
}

function describe(value: unknown, depth: number): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
  const tag = Object.prototype.toString.call(value).slice("[object ".length, -1);
  if (!Array.isArray(value) && tag !== "Object") return `a ${plain(tag, LENGTH)}`;
  const entries = Array.isArray(value)
    ? value.slice(0, LENGTH).map((entry) => [undefined, entry] as const)
    : Object.keys(value)
        .slice(0, LENGTH)
        .map((key) => [key, (value as Record<string, unknown>)[key]] as const);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  if (depth > 2 && entries.length > 0) return `${open}…${close}`;
  let text = "";
  for (const [key, entry] of entries) {
    text += `${text === "" ? "" : ","}${key === undefined ? "" : `${quote(key)}:`}${describe(entry, depth + 1)}`;
    // The rest would be cut anyway.
    if (text.length > LENGTH) break;
  }
  return `${open}${text}${close}`;
}

function quote(text: string): string {
  const escape = (part: string) => JSON.stringify(part).replace(UNSEEN, escaped);
  if (text.length <= LENGTH && escape(text).length <= LENGTH + 2) return escape(text);
  // Escaped characters take several places.
  let part = cut(text);
  while (escape(part).length > LENGTH + 2) part = cut(part, Math.floor(part.length / 2));
  return `${escape(part).slice(0, -1)}…"`;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Cuts text, but never between the two halves of a character outside the basic plane. */
function cut(text: string, length = LENGTH): string {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, "");
}
