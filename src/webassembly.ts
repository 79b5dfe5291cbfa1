/** The little of WebAssembly's interface that is used here; TypeScript has it in its DOM library only. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** @returns the pages of 64 KiB there were */
  grow(pages: number): number;
}

interface Interface {
  readonly Memory: new (descriptor: { initial: number }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: { env: { memory: WasmMemory } }) => { readonly exports: object };
}

/** Compiled code. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: "WebAssembly.Module";
}

export const { Memory, Module, Instance } = (globalThis as unknown as { WebAssembly: Interface }).WebAssembly;
