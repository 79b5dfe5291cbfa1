import type { NativeKernels } from "../../host.js";
import { type Kernels, bindKernels } from "./kernels.js";
import { Memory as WasmMemory } from "../../webassembly.js";

/**
 * The engine's linear memory. Blocks are handed out from the bottom up, zeroed, and never given back. Views are made on
 * demand, because growing the memory detaches those that exist. Native kernels work in the same memory as those in
 * WebAssembly.
 */
export interface Memory {
  readonly kernels: Kernels;
  /** Returns the address of `bytes` new zeroed bytes, at the start of a cache line. */
  allocate(bytes: number): number;
  /**
   * Makes a record of numbers for the kernels, each 32 bits, in the order of their names. They are 0 until they are
   * set.
   */
  record<Name extends string>(names: readonly Name[]): NumberRecord<Name>;
  floats(address: number, count: number): Float32Array;
  words(address: number, count: number): Uint32Array;
  bytes(address: number, count: number): Uint8Array;
  copy(from: number, to: number, bytes: number): void;
}

/** Numbers in the engine's memory, by name: a struct of the kernels' (kernels/layer.h, kernels/networks.h). */
export interface NumberRecord<Name extends string> {
  readonly at: number;
  set(values: Readonly<Partial<Record<Name, number>>>): void;
}

/** Bytes of one feature's row of 16 lanes. */
export const ROW = 64;

const PAGE = 65536;
/** The limit of wasm32 in bytes. */
const MOST = 65536 * PAGE;
/** Pages that hold the kernels' constants and their stack. */
const KERNEL_PAGES = 2;
/** Pages in a large page of a processor, of which native kernels' memory consists where the system has them. */
const LARGE_PAGE = 32;

/**
 * @param native kernels in native code, or null for those in WebAssembly
 * @param watch can wrap the kernels, for example in a stopwatch
 */
export function createMemory(
  native: NativeKernels | null,
  watch: (kernels: Kernels) => Kernels = (kernels) => kernels,
): Memory {
  const step = native === null ? 1 : LARGE_PAGE;
  const inSteps = (pages: number) => Math.ceil(pages / step) * step;
  const memory = new WasmMemory({ initial: inSteps(KERNEL_PAGES) });
  native?.useLargePages(memory.buffer);
  let top = KERNEL_PAGES * PAGE;
  // Asking the memory for its buffer takes long. A buffer that it has grown out of is empty.
  let known = memory.buffer;
  const buffer = () => (known.byteLength === 0 ? (known = memory.buffer) : known);
  let all = new Uint32Array(known);
  const allocate = (bytes: number) => {
    const address = top;
    top += Math.ceil(bytes / ROW) * ROW;
    const missing = Math.ceil((top - memory.buffer.byteLength) / PAGE);
    if (top > MOST)
      throw new Error(
        `The sparse engine needs ${top} bytes; WebAssembly has ${MOST}. Use smaller networks or shorter episodes.`,
      );
    if (missing > 0) {
      memory.grow(inSteps(missing));
      native?.useLargePages(memory.buffer);
    }
    return address;
  };
  return {
    kernels: watch(bindKernels(memory, native)),
    allocate,
    record(names) {
      const at = allocate(names.length * 4);
      const places = new Map<string, number>(names.map((name, i) => [name, at / 4 + i]));
      return {
        at,
        set(values) {
          if (all.length === 0) all = new Uint32Array(buffer());
          for (const name in values) {
            const [place, value] = [places.get(name), values[name]];
            if (place !== undefined && value !== undefined) all[place] = value;
          }
        },
      };
    },
    floats: (address, count) => new Float32Array(buffer(), address, count),
    words: (address, count) => new Uint32Array(buffer(), address, count),
    bytes: (address, count) => new Uint8Array(buffer(), address, count),
    copy: (from, to, bytes) => void new Uint8Array(buffer()).copyWithin(to, from, from + bytes),
  };
}

/**
 * Returns the number of rows from one block of features to the next. It is odd, so that the same feature of several
 * blocks does not fall on the same cache set.
 */
export function skewed(rows: number): number {
  return rows | 1;
}
