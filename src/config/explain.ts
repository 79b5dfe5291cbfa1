import { z } from "zod";
import { didYouMean, show } from "../messages.js";
import { isTree } from "./merge.js";
import { NAMING_FIELDS, type NamingField, namesFor } from "./names.js";
import type { PartFile } from "../parts/registry.js";
import { PYMARL } from "./pymarl.js";
import { schema } from "./schema.js";

/** Explains what is wrong with one field, in one line: the field, the given value, and what is allowed. */
export function explain(issue: z.core.$ZodIssue, given: unknown): string {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") return explainKey(path, issue.keys[0]);
  // An entry of a list or a record is not a field: the message names the list or record.
  if (path[0] === "parts") return explainValue("parts", isTree(given) ? given["parts"] : undefined);
  let value = given;
  for (const key of path) value = isTree(value) ? value[key] : undefined;
  return explainValue(path.join("."), value);
}

/** Explains what is wrong with the value of a field. */
export function explainValue(field: string, value: unknown, files: readonly PartFile[] = []): string {
  const names = choices(field, files) ?? [];
  if (field === "engine" && value === "wasm")
    return 'config: engine is "wasm", the former name of engine "sparse": give "sparse", and train runs with the old name again';
  const is = value === undefined ? "is missing" : `is ${show(value)}`;
  return `config: ${field} ${is}; ${typeof value === "string" ? didYouMean(value, names) : ""}allowed: ${allowed(field, files)}`;
}

/** Explains that a key is not a field of its section, and which field was probably meant. */
export function explainKey(section: readonly string[], key: string): string {
  const known = fieldsOf(section);
  const where = section.length === 0 ? "" : ` in ${section.map((name) => show(name).slice(1, -1)).join(".")}`;
  const elsewhere = fieldPaths().filter((path) => path.endsWith(`.${key}`));
  const pymarl = Object.hasOwn(PYMARL, key) ? `PyMARL's ${key} is ${PYMARL[key]}; ` : "";
  const hint =
    pymarl !== "" ? pymarl : elsewhere.length > 0 ? `did you mean ${elsewhere.join(" or ")}? ` : didYouMean(key, known);
  return `config: unknown key ${show(key)}${where}; ${hint}allowed: ${known.join(", ")}`;
}

interface FieldSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
}

let described: FieldSchema | undefined;

/** Finds the schema of a field or section. */
function fieldSchema(path: readonly string[]): FieldSchema {
  described ??= z.toJSONSchema(schema, { io: "input" }) as FieldSchema;
  return path.reduce<FieldSchema>(
    (at, key) => (Object.hasOwn(at.properties ?? {}, key) ? at.properties![key] : {}),
    described,
  );
}

function fieldsOf(section: readonly string[]): string[] {
  return Object.keys(fieldSchema(section).properties ?? {});
}

/** Lists every field in a section, as "returns.lambda". */
function fieldPaths(section: readonly string[] = []): string[] {
  return fieldsOf(section).flatMap((key) => [
    ...(section.length > 0 ? [[...section, key].join(".")] : []),
    ...fieldPaths([...section, key]),
  ]);
}

/** The names or words that a field allows; undefined for fields of another type. */
function choices(field: string, files: readonly PartFile[] = []): readonly string[] | undefined {
  return (NAMING_FIELDS as readonly string[]).includes(field)
    ? namesFor(field as NamingField, files)
    : fieldSchema(field.split(".")).enum;
}

function allowed(field: string, files: readonly PartFile[]): string {
  if (field === "parts") return 'a list of files, for example ["./mine.ts"]';
  if (field === "from.sha256")
    return "the 16 hexadecimal digits that weightsFrom(source) returns; `mast train --from` and study files fill them in";
  if (field.startsWith("options."))
    return field.split(".").length > 2 ? "a number, text, true or false" : "an object with fields of its own";
  const names = choices(field, files);
  if (names !== undefined) return names.map((name) => show(name)).join(", ");
  const { type, minimum, exclusiveMinimum, maximum } = fieldSchema(field.split("."));
  if (type === "boolean") return "true or false";
  if (type === "object") return "an object with fields of its own";
  if (type === "string") return "text of 1 to 200 characters";
  const what = type === "integer" ? "a whole number" : "a number";
  const number = (bound: number) => bound.toLocaleString("en", { maximumFractionDigits: 10 });
  if (exclusiveMinimum !== undefined) return `${what} above ${number(exclusiveMinimum)}`;
  if (minimum === undefined) return what;
  return maximum === undefined
    ? `${what} of at least ${number(minimum)}`
    : `${what} from ${number(minimum)} to ${number(maximum)}`;
}
