/**
 * NumPy's default generator on ten words of the episode's buffer: PCG64 (O'Neill's XSL-RR 128/64) seeded through
 * SeedSequence, so that a seed processes units in the order in which SMAClite processes them with that seed.
 * Words: state (4, low first), increment (4), whether half a draw is left, that half.
 */
export function seedPcg64(words: Int32Array, seed: number): void {
  const [a, b, c, d, e, f, g, h] = seedSequence(seed >>> 0);
  words.fill(0, 0, 10);
  // Both 128-bit numbers come high half first, each half low word first. The increment is the second, doubled, plus 1.
  setWords(words, 4, [g, h, e, f]);
  for (let i = 7; i > 4; i--) words[i] = (words[i] << 1) | (words[i - 1] >>> 31);
  words[4] = (words[4] << 1) | 1;
  step(words);
  addWords(words, [c, d, a, b]);
  step(words);
}

/** Returns 32 random bits as a signed whole number. */
export function nextPcg32(words: Int32Array): number {
  if (words[8] === 1) {
    words[8] = 0;
    return words[9];
  }
  step(words);
  const low = words[0] ^ words[2];
  const high = words[1] ^ words[3];
  const turn = words[3] >>> 26;
  const by = turn & 31;
  const left = turn < 32 ? low : high;
  const right = turn < 32 ? high : low;
  words[8] = 1;
  words[9] = by === 0 ? right : (right >>> by) | (left << (32 - by));
  return by === 0 ? left : (left >>> by) | (right << (32 - by));
}

/** Returns a whole number in [0, most], as NumPy's `random_interval` draws it; `most` is below 2^31. */
export function pcgInterval(words: Int32Array, most: number): number {
  const mask = most === 0 ? 0 : 0xffffffff >>> Math.clz32(most);
  for (;;) {
    const value = nextPcg32(words) & mask;
    if (value <= most) return value;
  }
}

/** The multiplier 0x2360ED051FC65DA44385DF649FCCF645 in 16-bit digits, low first. */
const MULTIPLIER = Float64Array.of(0xf645, 0x9fcc, 0xdf64, 0x4385, 0x5da4, 0x1fc6, 0xed05, 0x2360);
const digits = new Float64Array(8);
const product = new Float64Array(9);

/** Sets state = state * MULTIPLIER + increment (mod 2^128). */
function step(words: Int32Array): void {
  for (let i = 0; i < 4; i++) {
    digits[2 * i] = words[i] & 0xffff;
    digits[2 * i + 1] = words[i] >>> 16;
    product[2 * i] = words[4 + i] & 0xffff;
    product[2 * i + 1] = words[4 + i] >>> 16;
  }
  for (let i = 0; i < 8; i++) {
    let carry = 0;
    for (let j = 0; i + j < 8; j++) {
      const sum = product[i + j] + digits[i] * MULTIPLIER[j] + carry;
      carry = Math.floor(sum / 65536);
      product[i + j] = sum - carry * 65536;
    }
  }
  for (let i = 0; i < 4; i++) words[i] = product[2 * i] | (product[2 * i + 1] << 16);
}

function setWords(words: Int32Array, at: number, values: readonly number[]): void {
  values.forEach((value, i) => {
    words[at + i] = value | 0;
  });
}

function addWords(words: Int32Array, values: readonly number[]): void {
  let carry = 0;
  values.forEach((value, i) => {
    const sum = (words[i] >>> 0) + (value >>> 0) + carry;
    words[i] = sum | 0;
    carry = sum >= 0x1_0000_0000 ? 1 : 0;
  });
}

/** Returns the first eight words of NumPy's SeedSequence for a seed of one word. */
function seedSequence(seed: number): number[] {
  let constant = 0x43b0d7e5;
  const hash = (value: number): number => {
    let v = value ^ constant;
    constant = Math.imul(constant, 0x931e8875);
    v = Math.imul(v, constant);
    return v ^ (v >>> 16);
  };
  const mix = (x: number, y: number): number => {
    const v = (Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y)) | 0;
    return v ^ (v >>> 16);
  };
  const pool = [hash(seed), hash(0), hash(0), hash(0)];
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) if (from !== to) pool[to] = mix(pool[to], hash(pool[from]));
  }
  constant = 0x8b51f9dd;
  return Array.from({ length: 8 }, (_, i) => {
    let v = pool[i % 4] ^ constant;
    constant = Math.imul(constant, 0x58f38ded);
    v = Math.imul(v, constant);
    return (v ^ (v >>> 16)) >>> 0;
  });
}
