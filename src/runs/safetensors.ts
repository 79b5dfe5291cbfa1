import { endianness } from "node:os";

/** One array of a safetensors file. Row-major; its type follows from the typed array: F32, I32 or U8. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** What a safetensors file holds. */
export interface TensorFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The free text entries of its header. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A file that is not what it should be; the message is one line that names what is wrong with it. */
export class FormatError extends Error {
  override readonly name = "FormatError";
}

const BYTES: Readonly<Record<string, number>> = { F32: 4, I32: 4, U8: 1 };
// The format's own limit for the header.
const LONGEST_HEADER = 100_000_000;

/**
 * Writes tensors in the safetensors format: the length of the header (8 bytes, little endian), the header in JSON, padded with
 * spaces so that the data is aligned, then the arrays without gaps, wider types first, names in order.
 *
 * @throws {FormatError} when the data of a tensor does not fit its shape
 * @example
 * writeFileSync("agent.safetensors", encodeSafetensors(new Map([["fc1.bias", { shape: [64], data: new Float32Array(64) }]])));
 */
export function encodeSafetensors(tensors: ReadonlyMap<string, Tensor>, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  requireLittleEndian();
  const sorted = [...tensors].sort(([a, x], [b, y]) => width(y) - width(x) || (a < b ? -1 : a > b ? 1 : 0));
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header["__metadata__"] = metadata;
  let end = 0;
  for (const [name, tensor] of sorted) {
    const entries = tensor.shape.reduce((product, size) => product * size, 1);
    if (entries !== tensor.data.length) throw new FormatError(`tensor ${name} of shape [${tensor.shape}] needs ${entries} values, not ${tensor.data.length}`);
    header[name] = { dtype: dtype(tensor), shape: tensor.shape, data_offsets: [end, end + tensor.data.byteLength] };
    end += tensor.data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const headerLength = Math.ceil(json.length / 8) * 8;
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
 * Reads what `encodeSafetensors`, PyTorch's or any other writer of the format made, as far as its types are F32, I32 and U8.
 * The arrays are copies.
 *
 * @throws {FormatError} on a truncated file, on one of another format, and on types that are not read here
 * @example
 * const { tensors } = decodeSafetensors(readFileSync("agent.safetensors"));
 */
export function decodeSafetensors(file: Uint8Array): TensorFile {
  requireLittleEndian();
  if (file.length < 8) throw new FormatError(`it has ${file.length} bytes, less than a safetensors file's first 8: truncated, or of another format`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > LONGEST_HEADER || (file.length > 8 && file[8] !== 0x7b)) throw new FormatError("it is not a safetensors file");
  if (8 + headerLength > file.length) throw new FormatError(`it is truncated: ${file.length} bytes, and its header alone needs ${8 + headerLength}`);
  const header = parseHeader(file.subarray(8, 8 + headerLength));
  const start = 8 + headerLength;
  const tensors = new Map<string, Tensor>();
  let metadata: Record<string, string> = {};
  let end = 0;
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") {
      metadata = entry as Record<string, string>;
      continue;
    }
    const { dtype, shape, range } = parseEntry(name, entry);
    const [from, to] = range;
    if (start + to > file.length) throw new FormatError(`it is truncated: ${file.length} bytes, and tensor ${name} ends at ${start + to}`);
    end = Math.max(end, to);
    // Not `file.slice`: that of a Buffer does not copy.
    const bytes = Uint8Array.from(file.subarray(start + from, start + to)).buffer;
    tensors.set(name, { shape, data: dtype === "F32" ? new Float32Array(bytes) : dtype === "I32" ? new Int32Array(bytes) : new Uint8Array(bytes) });
  }
  if (start + end !== file.length) throw new FormatError(`it has ${file.length} bytes where its header describes ${start + end}`);
  return { tensors, metadata };
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof header === "object" && header !== null && !Array.isArray(header)) return header as Record<string, unknown>;
  } catch {
    // Told below: what JSON.parse says is about a text that the reader never saw.
  }
  throw new FormatError("it is not a safetensors file: its header is not JSON");
}

function parseEntry(name: string, entry: unknown): { dtype: string; shape: number[]; range: [number, number] } {
  const { dtype, shape, data_offsets: range } = (entry ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
  const natural = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (typeof dtype !== "string" || !Array.isArray(shape) || !shape.every(natural) || !Array.isArray(range) || range.length !== 2 || !range.every(natural)) {
    throw new FormatError(`it is not a safetensors file: its entry for ${name} lacks a type, a shape or offsets`);
  }
  const bytes = BYTES[dtype];
  if (bytes === undefined) throw new FormatError(`tensor ${name} has type ${dtype}; ${Object.keys(BYTES).join(", ")} can be read`);
  const needed = shape.reduce((product, size) => product * size, bytes);
  if (range[1] - range[0] !== needed) throw new FormatError(`tensor ${name} of shape [${shape}] needs ${needed} bytes and has ${range[1] - range[0]}`);
  return { dtype, shape, range: [range[0], range[1]] };
}

function dtype({ data }: Tensor): string {
  return data instanceof Float32Array ? "F32" : data instanceof Int32Array ? "I32" : "U8";
}

function width(tensor: Tensor): number {
  return tensor.data.BYTES_PER_ELEMENT;
}

function requireLittleEndian(): void {
  if (endianness() !== "LE") throw new FormatError("safetensors files are little endian, and this machine is not");
}
