import { LabError } from "../errors.js";

/**
 * Returns a value as plain JSON. Typed arrays, sets and iterators become arrays, and big integers become numbers.
 * Numbers that are not finite stay: JSON writes them as null, which is a gap in a plot.
 *
 * @param place what an error calls the value: "data[0].y"
 * @throws {Error} when the value contains itself, or something that JSON would turn into an object that no plot
 *   understands: a map, a column of a frame, raw bytes. The message names the place.
 * @example plainJson({ y: Float32Array.of(0.5, 1) }, "trace"); // { y: [0.5, 1] }
 */
export function plainJson(value: unknown, place: string, above: ReadonlySet<object> = new Set()): unknown {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null) return value;
  // A notebook's cells have classes of their own, which `instanceof` in this file does not know.
  const kind = Object.prototype.toString.call(value).slice("[object ".length, -1);
  if (["String", "Number", "Boolean"].includes(kind)) return value.valueOf();
  if (ArrayBuffer.isView(value) && kind !== "DataView")
    return Array.from(value as unknown as ArrayLike<number | bigint>, Number);
  if (above.has(value)) throw new LabError(`The figure's ${place} contains itself: a figure is plain JSON.`);
  const around = new Set([...above, value]);
  if (Symbol.iterator in value && kind !== "Map")
    return Array.from(value as Iterable<unknown>, (child, i) => plainJson(child, `${place}[${i}]`, around));
  if ("toJSON" in value && typeof value.toJSON === "function")
    return plainJson((value.toJSON as () => unknown)(), place, around);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new LabError(
      `The figure's ${place} is of the kind ${value.constructor?.name || kind}, which a figure cannot hold: give an array of numbers or texts.`,
    );
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [
      key,
      plainJson(child, place === "" ? key : `${place}.${key}`, around),
    ]),
  );
}

/**
 * Returns plain JSON for a script element of a page. No text in it can end the element, or begin a comment or a script
 * in it.
 *
 * @example
 * `<script type="application/json">${scriptJson({ title: "</script>" })}</script>`
 */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}
