/** Turning rows of features into tiles and back. */

/** Row-major [lane][feature], lanes `laneStride` bytes apart, to [feature][16 lanes]; the next tile's rows begin `rowsStride` bytes on. */
export function tilesFromRows(
  rows: usize, laneStride: usize, rowsStride: usize, features: i32, tile: usize, tileStride: usize, tiles: i32, vectors: i32,
): void {
  for (; tiles > 0; tiles--) {
    for (let vector = 0; vector < vectors; vector++) {
      let a = rows + (vector as usize) * (laneStride << 2);
      let b = a + laneStride;
      let c = b + laneStride;
      let d = c + laneStride;
      let to = tile + ((vector as usize) << 4);
      let left = features;
      for (; left >= 4; left -= 4) {
        const va = v128.load(a), vb = v128.load(b), vc = v128.load(c), vd = v128.load(d);
        const ab = v128.shuffle<f32>(va, vb, 0, 4, 1, 5), ab2 = v128.shuffle<f32>(va, vb, 2, 6, 3, 7);
        const cd = v128.shuffle<f32>(vc, vd, 0, 4, 1, 5), cd2 = v128.shuffle<f32>(vc, vd, 2, 6, 3, 7);
        v128.store(to, v128.shuffle<f64>(ab, cd, 0, 2));
        v128.store(to, v128.shuffle<f64>(ab, cd, 1, 3), 64);
        v128.store(to, v128.shuffle<f64>(ab2, cd2, 0, 2), 128);
        v128.store(to, v128.shuffle<f64>(ab2, cd2, 1, 3), 192);
        a += 16;
        b += 16;
        c += 16;
        d += 16;
        to += 256;
      }
      for (; left > 0; left--) {
        store<f32>(to, load<f32>(a));
        store<f32>(to, load<f32>(b), 4);
        store<f32>(to, load<f32>(c), 8);
        store<f32>(to, load<f32>(d), 12);
        a += 4;
        b += 4;
        c += 4;
        d += 4;
        to += 64;
      }
    }
    rows += rowsStride;
    tile += tileStride;
  }
}

/** The way back, for the first `lanes` lanes of consecutive tiles: [lane][feature], rows dense. */
export function rowsFromTiles(tile: usize, tileStride: usize, features: i32, rows: usize, lanes: i32): void {
  for (let lane = 0; lane < lanes; lane++) {
    let from = tile + ((lane >> 4) as usize) * tileStride + (((lane & 15) as usize) << 2);
    for (let feature = 0; feature < features; feature++) {
      store<f32>(rows, load<f32>(from));
      rows += 4;
      from += 64;
    }
  }
}

/** Four lanes' numbers, from bytes. */
@inline
export function widen(bytes: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(bytes)));
}

/** One-hot rows of `numbers` [tiles, 16 lanes] (bytes below `count`; 255 gives zeros): `count` rows of each tile. */
export function oneHotTiles(numbers: usize, count: i32, tile: usize, tileStride: usize, tiles: i32, vectors: i32): void {
  const one = f32x4.splat(1);
  for (; tiles > 0; tiles--) {
    for (let vector = 0; vector < vectors; vector++) {
      const number = widen(numbers + ((vector as usize) << 2));
      let to = tile + ((vector as usize) << 4);
      for (let row = 0; row < count; row++) {
        v128.store(to, v128.and(one, i32x4.eq(number, i32x4.splat(row))));
        to += 64;
      }
    }
    numbers += 16;
    tile += tileStride;
  }
}

/** Rows that hold each lane's `values` [tiles, 16 lanes] where the row's number is the lane's in `numbers` [tiles, 16 lanes], else 0. */
export function chosenTiles(
  values: usize, numbers: usize, count: i32, tile: usize, tileStride: usize, tiles: i32, vectors: i32,
): void {
  for (; tiles > 0; tiles--) {
    for (let vector = 0; vector < vectors; vector++) {
      const number = widen(numbers + ((vector as usize) << 2));
      const value = v128.load(values + ((vector as usize) << 4));
      let to = tile + ((vector as usize) << 4);
      for (let row = 0; row < count; row++) {
        v128.store(to, v128.and(value, i32x4.eq(number, i32x4.splat(row))));
        to += 64;
      }
    }
    values += 64;
    numbers += 16;
    tile += tileStride;
  }
}
