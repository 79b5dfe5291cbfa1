/**
 * Numbers as types, so that the compiler makes one kernel for each and folds what depends on them: how many of a tile's
 * vectors it works on, how many tiles at once, and what it does with its sums. (Constant arguments do not survive
 * Binaryen's merging of similar code.)
 */
@unmanaged
export class N0 {}

@unmanaged
export class N1 {
  a: u8;
}

@unmanaged
export class N2 {
  a: u8;
  b: u8;
}

@unmanaged
export class N3 {
  a: u8;
  b: u8;
  c: u8;
}

@unmanaged
export class N4 {
  a: u8;
  b: u8;
  c: u8;
  d: u8;
}
