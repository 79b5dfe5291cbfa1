import { type Kernels, instantiateKernels } from "./kernels.js";
import { Memory as WasmMemory } from "./webassembly.js";

/**
 * The engine's linear memory: blocks are handed out from below, zeroed, and never given back. Views are made on demand, because
 * growing the memory detaches those that exist.
 */
export interface Memory {
  readonly kernels: Kernels;
  /** The address of `bytes` new zeroed bytes, at the start of a cache line. */
  allocate(bytes: number): number;
  floats(address: number, count: number): Float32Array;
  words(address: number, count: number): Uint32Array;
  bytes(address: number, count: number): Uint8Array;
  copy(from: number, to: number, bytes: number): void;
}

/** Bytes of one feature's row of 16 lanes. */
export const ROW = 64;

const PAGE = 65536;
/** wasm32's limit. */
const MOST = 65536 * PAGE;

export function createMemory(): Memory {
  const memory = new WasmMemory({ initial: 1 });
  // The first page holds the kernels' constants.
  let top = PAGE;
  return {
    kernels: instantiateKernels(memory),
    allocate(bytes) {
      const address = top;
      top += Math.ceil(bytes / ROW) * ROW;
      const missing = Math.ceil((top - memory.buffer.byteLength) / PAGE);
      if (top > MOST) throw new Error(`The wasm engine needs ${top} bytes; WebAssembly has ${MOST}. Use smaller networks or shorter episodes.`);
      if (missing > 0) memory.grow(missing);
      return address;
    },
    floats: (address, count) => new Float32Array(memory.buffer, address, count),
    words: (address, count) => new Uint32Array(memory.buffer, address, count),
    bytes: (address, count) => new Uint8Array(memory.buffer, address, count),
    copy: (from, to, bytes) => void new Uint8Array(memory.buffer).copyWithin(to, from, from + bytes),
  };
}

/** Rows from one block of features to the next: odd, so that the same feature of several blocks does not fall on the same cache set. */
export function skewed(rows: number): number {
  return rows | 1;
}
