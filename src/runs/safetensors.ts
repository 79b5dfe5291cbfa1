/**
 * One array of a safetensors file, row-major. Its typed array determines the type in the file: F32, F64, I8, I16, I32,
 * I64, U8, U16, U32 or U64.
 */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** Content of a safetensors file. */
export interface TensorFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The free text entries of its header. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Thrown for a file that is damaged or of another format; the message is one line that says what is wrong. */
export class FormatError extends Error {
  override readonly name = "FormatError";
}

/** The types that can be read, with their readers. */
const TYPES: Readonly<Record<string, { readonly bytes: number; readonly read: (bytes: ArrayBuffer) => TensorData }>> = {
  F64: { bytes: 8, read: (bytes) => new Float64Array(bytes) },
  F32: { bytes: 4, read: (bytes) => new Float32Array(bytes) },
  F16: { bytes: 2, read: (bytes) => Float32Array.from(new Uint16Array(bytes), halfPrecision) },
  BF16: {
    bytes: 2,
    read: (bytes) => new Float32Array(Uint32Array.from(new Uint16Array(bytes), (bits) => bits << 16).buffer),
  },
  I64: { bytes: 8, read: (bytes) => new BigInt64Array(bytes) },
  I32: { bytes: 4, read: (bytes) => new Int32Array(bytes) },
  I16: { bytes: 2, read: (bytes) => new Int16Array(bytes) },
  I8: { bytes: 1, read: (bytes) => new Int8Array(bytes) },
  U64: { bytes: 8, read: (bytes) => new BigUint64Array(bytes) },
  U32: { bytes: 4, read: (bytes) => new Uint32Array(bytes) },
  U16: { bytes: 2, read: (bytes) => new Uint16Array(bytes) },
  U8: { bytes: 1, read: (bytes) => new Uint8Array(bytes) },
  BOOL: { bytes: 1, read: (bytes) => new Uint8Array(bytes) },
};
/** The types in which typed arrays are stored, by the name of the constructor. */
const STORED: Readonly<Record<string, string>> = {
  Float64Array: "F64",
  Float32Array: "F32",
  BigInt64Array: "I64",
  Int32Array: "I32",
  Int16Array: "I16",
  Int8Array: "I8",
  BigUint64Array: "U64",
  Uint32Array: "U32",
  Uint16Array: "U16",
  Uint8Array: "U8",
  Buffer: "U8",
};
const METADATA = "__metadata__";
// The format's own limit for the header.
const LONGEST_HEADER = 100_000_000;

/**
 * Writes tensors in the safetensors format: the length of the header (8 bytes, little endian), the header in JSON,
 * padded with spaces so that the data is aligned, then the arrays without gaps, wider types first, names in order.
 *
 * @throws {FormatError} on data that does not fit its shape or that the format cannot hold, and on metadata that is not
 * text
 * @example
 * writeFileSync(
 *   "agent.safetensors",
 *   encodeSafetensors(new Map([["fc1.bias", { shape: [64], data: new Float32Array(64) }]])),
 * );
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  requireLittleEndian();
  for (const [name, tensor] of tensors) refuseUnwritable(name, tensor);
  const sorted = [...tensors].sort(([a, x], [b, y]) => width(y) - width(x) || (a < b ? -1 : a > b ? 1 : 0));
  // Without a prototype, a tensor may have any name.
  const header = Object.create(null) as Record<string, unknown>;
  if (Object.keys(metadata).length > 0) header[METADATA] = textsOnly(metadata);
  let end = 0;
  for (const [name, { shape, data }] of sorted) {
    header[name] = { dtype: dtypeOf(data), shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = Math.ceil(json.length / 8) * 8;
  if (headerLength > LONGEST_HEADER)
    throw new FormatError(`its header would have ${headerLength} bytes; the format allows ${LONGEST_HEADER}`);
  const file = new Uint8Array(8 + headerLength + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.fill(0x20, 8, 8 + headerLength);
  file.set(json, 8);
  let offset = 8 + headerLength;
  for (const [, { data }] of sorted) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return file;
}

/**
 * Reads a safetensors file by any writer of the format. The arrays are copies. F16 and BF16 are read as Float32Array,
 * which holds each of their values, and BOOL as Uint8Array.
 *
 * @throws {FormatError} on a truncated file, another format, a type that cannot be read, and on what the format
 *   forbids: duplicate names, metadata that is not text, and arrays that overlap or leave a gap
 * @example const { tensors } = decodeSafetensors(readFileSync("agent.safetensors"));
 */
export function decodeSafetensors(file: Uint8Array): TensorFile {
  requireLittleEndian();
  if (file.length < 8)
    throw new FormatError(
      `it has ${file.length} bytes, less than a safetensors file's first 8: truncated, or of another format`,
    );
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > LONGEST_HEADER || (file.length > 8 && file[8] !== 0x7b))
    throw new FormatError("it is not a safetensors file");
  if (8 + headerLength > file.length)
    throw new FormatError(`it is truncated: ${file.length} bytes, and its header alone needs ${8 + headerLength}`);
  const { [METADATA]: metadata, ...header } = parseHeader(file.subarray(8, 8 + headerLength));
  const start = 8 + headerLength;
  const entries = Object.entries(header).map(([name, entry]) => parseEntry(name, entry));
  // In the order of the file each array begins where the previous one ends; empty arrays lie between others.
  let end = 0;
  for (const {
    name,
    range: [from, to],
  } of [...entries].sort(({ range: a }, { range: b }) => a[0] - b[0] || a[1] - b[1])) {
    if (from !== end)
      throw new FormatError(
        `tensor ${name} begins at byte ${from} of the data, ${from < end ? "inside another" : "behind a gap"}: it should be ${end}`,
      );
    end = to;
  }
  if (start + end > file.length)
    throw new FormatError(`it is truncated: ${file.length} bytes, and its tensors end at ${start + end}`);
  if (start + end < file.length)
    throw new FormatError(`it has ${file.length} bytes where its header describes ${start + end}`);
  const tensors = new Map<string, Tensor>();
  // Not `file.slice`: that of a Buffer does not copy.
  for (const {
    name,
    dtype,
    shape,
    range: [from, to],
  } of entries)
    tensors.set(name, {
      shape,
      data: TYPES[dtype].read(Uint8Array.from(file.subarray(start + from, start + to)).buffer),
    });
  return { tensors, metadata: metadata === undefined || metadata === null ? {} : textsOnly(metadata) };
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch {
    // The message of JSON.parse would refer to a text that the reader has never seen.
    throw new FormatError("it is not a safetensors file: its header is not JSON");
  }
  if (typeof header !== "object" || header === null || Array.isArray(header))
    throw new FormatError("it is not a safetensors file: its header is not a JSON object");
  refuseAmbiguous(text);
  return header as Record<string, unknown>;
}

/**
 * Refuses valid JSON that two readers may interpret differently: duplicate names, and numbers that are not written as
 * whole numbers.
 */
function refuseAmbiguous(json: string): void {
  // The names in each open object; an open array has none.
  const open: Set<string>[] = [];
  for (const [token, text, number] of json.matchAll(/("(?:[^"\\]|\\.)*"\s*:?)|(-?\d[\d.eE+-]*)|[{}[\]]/g)) {
    if (number !== undefined && !/^\d+$/.test(number))
      throw new FormatError(`its header holds the number ${number}: sizes and offsets are whole numbers`);
    if (token === "{" || token === "[") open.push(new Set());
    if (token === "}" || token === "]") open.pop();
    if (text === undefined || !text.endsWith(":")) continue;
    const name = JSON.parse(text.slice(0, -1)) as string;
    if (hasLoneSurrogate(name)) throw new FormatError("its header holds a name that is not valid Unicode");
    if (open.at(-1)!.has(name)) throw new FormatError(`its header holds "${name}" twice`);
    open.at(-1)!.add(name);
  }
}

interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly range: readonly [from: number, to: number];
}

function parseEntry(name: string, entry: unknown): Entry {
  const {
    dtype,
    shape,
    data_offsets: range,
  } = (entry ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
  if (
    typeof dtype !== "string" ||
    !Array.isArray(shape) ||
    !shape.every(isNatural) ||
    !Array.isArray(range) ||
    range.length !== 2 ||
    !range.every(isNatural)
  ) {
    throw new FormatError(`it is not a safetensors file: its entry for ${name} lacks a type, a shape or offsets`);
  }
  const type = Object.hasOwn(TYPES, dtype) ? TYPES[dtype] : undefined;
  if (type === undefined)
    throw new FormatError(`tensor ${name} has type ${dtype}; ${Object.keys(TYPES).join(", ")} can be read`);
  const needed = shape.reduce<number>(
    (product, size) => (Number.isSafeInteger(product * size) ? product * size : NaN),
    type.bytes,
  );
  if (Number.isNaN(needed))
    throw new FormatError(`tensor ${name} of shape [${shape}] has more values than can be counted`);
  if (range[1] - range[0] !== needed)
    throw new FormatError(`tensor ${name} of shape [${shape}] needs ${needed} bytes and has ${range[1] - range[0]}`);
  return { name, dtype, shape, range: [range[0], range[1]] };
}

function refuseUnwritable(name: string, { shape, data }: Tensor): void {
  if (name === METADATA)
    throw new FormatError(`a tensor cannot be named ${METADATA}: the format keeps its metadata there`);
  if (hasLoneSurrogate(name)) throw new FormatError(`the name of tensor ${JSON.stringify(name)} is not valid Unicode`);
  if (!Array.isArray(shape) || !shape.every(isNatural))
    throw new FormatError(`tensor ${name} has shape [${String(shape)}]; sizes are whole numbers of at least 0`);
  if (!ArrayBuffer.isView(data) || STORED[data.constructor.name] === undefined)
    throw new FormatError(`tensor ${name} holds no typed array that the format has a type for`);
  const entries = shape.reduce<number>((product, size) => product * size, 1);
  if (entries !== data.length)
    throw new FormatError(`tensor ${name} of shape [${shape}] needs ${entries} values, not ${data.length}`);
}

/** Checks that every entry of the metadata is text. */
function textsOnly(metadata: unknown): Record<string, string> {
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata))
    throw new FormatError("its metadata is not a JSON object");
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value !== "string")
      throw new FormatError(`its metadata "${name}" is ${JSON.stringify(value)}; metadata is text`);
    if (hasLoneSurrogate(value) || hasLoneSurrogate(name))
      throw new FormatError(`its metadata ${JSON.stringify(name)} is not valid Unicode`);
  }
  return metadata as Record<string, string>;
}

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Finds half of a surrogate pair, which JavaScript's strings may contain but UTF-8 may not. */
function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}

/** Converts 16 bits of IEEE 754 half precision (1 bit of sign, 5 of exponent, 10 of fraction) to a number. */
function halfPrecision(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

function dtypeOf(data: TensorData): string {
  return STORED[data.constructor.name];
}

function width({ data }: Tensor): number {
  return data.BYTES_PER_ELEMENT;
}

function requireLittleEndian(): void {
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1)
    throw new FormatError("safetensors files are little endian, and this machine is not");
}
