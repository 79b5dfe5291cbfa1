/** The part of WebAssembly's interface that this library uses; TypeScript declares it in its DOM library only. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** @returns the number of pages of 64 KiB before the call */
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
