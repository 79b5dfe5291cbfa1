/**
 * xorshift128 on four words of the episode's buffer, so that the stream is saved and restored with the episode and
 * drawing allocates nothing (Marsaglia 2003, "Xorshift RNGs").
 */
export function seedRandom(words: Int32Array, seed: number): void {
  // Steps of a Weyl sequence pass through a 32-bit mixer, so that neighbouring seeds start far apart.
  let weyl = seed | 0;
  for (let i = 0; i < 4; i++) {
    weyl = (weyl + 0x9e3779b9) | 0;
    let mixed = weyl;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    words[i] = mixed ^ (mixed >>> 15);
  }
  // All zeros is the only state that xorshift never leaves.
  words[0] |= 1;
}

/** Returns 32 random bits as a signed whole number, which V8 passes without allocating. */
export function nextWord(words: Int32Array): number {
  let t = words[3];
  const s = words[0];
  words[3] = words[2];
  words[2] = words[1];
  words[1] = s;
  t ^= t << 11;
  t ^= t >>> 8;
  t ^= s ^ (s >>> 19);
  words[0] = t;
  return t;
}
