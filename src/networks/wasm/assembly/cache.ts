const SINK: usize = memory.data<u32>([0], 16);

/**
 * Reads one word of each of a tile's `rows` rows in order, so that the tile comes to the cache at the pace of the memory: the
 * processor foresees an even stride, but not the rows that a sparse product picks.
 */
export function fetchTile(tile: usize, rows: i32): void {
  let seen: u32 = 0;
  for (const end = tile + ((rows as usize) << 6); tile < end; tile += 64) seen |= load<u32>(tile);
  // Kept, or the compilers would leave out the loads.
  store<u32>(SINK, seen);
}
