import { LabError } from "../errors.js";
import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Pixels of a picture, [height, width, 4] as red, green, blue and opacity. */
interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

/**
 * Returns the same picture with a palette of 256 of its colours. Pixels of other colours (blends along the edges of
 * lines and letters) take the nearest of them. A figure has few colours and shrinks to a quarter of what a browser
 * writes, which keeps notebooks and the repository small.
 *
 * @param png picture with 8 bits a channel, RGB or RGBA, not interlaced, as browsers write it
 * @throws {Error} on any other PNG
 */
export function shrinkPng(png: Buffer): Buffer {
  const { width, height, rgba } = decode(png);
  const counts = new Map<number, number>();
  const colours = new Uint32Array(width * height);
  for (let i = 0; i < colours.length; i++) {
    const [red, green, blue, opacity] = rgba.subarray(4 * i, 4 * i + 4);
    // All invisible pixels get one colour.
    const colour = opacity === 0 ? 0 : ((opacity << 24) | (red << 16) | (green << 8) | blue) >>> 0;
    colours[i] = colour;
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const palette = choosePalette(counts);
  const index = new Map<number, number>();
  for (const colour of counts.keys()) index.set(colour, nearest(palette, colour));

  // Each row starts with the number of its filter. It is 0, for none, because neighbours in a palette are no neighbours
  // in colour.
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = index.get(colours[y * width + x])!;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const entries = Buffer.from(palette.flatMap((colour) => [(colour >>> 16) & 255, (colour >>> 8) & 255, colour & 255]));
  const opacities = Buffer.from(palette.map((colour) => colour >>> 24));
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", entries),
    ...(opacities.every((opacity) => opacity === 255) ? [] : [chunk("tRNS", opacities)]),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/**
 * Returns a picture of two colours, with one bit a pixel.
 *
 * @param bits [height, width], row-major from the top; any number but 0 is the second colour
 * @param colours "#rrggbb" of 0 and of 1
 * @example
 * const png = bitmapPng(mask, 64, 96, ["#000000", "#ffffff"]);
 */
export function bitmapPng(bits: Uint8Array, height: number, width: number, colours: readonly [string, string]): Buffer {
  const stride = 1 + Math.ceil(width / 8);
  const rows = Buffer.alloc(height * stride);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) if (bits[y * width + x] !== 0) rows[y * stride + 1 + (x >> 3)] |= 0x80 >> (x & 7);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([1, 3, 0, 0, 0], 8);
  const palette = Buffer.from(colours.map((colour) => colour.slice(1)).join(""), "hex");
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", palette),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/**
 * Chooses a palette: half of it are the most frequent colours. The other half are, one by one, the colours that are
 * worst served so far.
 */
function choosePalette(counts: ReadonlyMap<number, number>): number[] {
  const byCount = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([colour]) => colour);
  const palette = byCount.slice(0, 128);
  const rest = byCount
    .slice(128)
    .map((colour) => ({ colour, error: distance(colour, palette[nearest(palette, colour)]) }));
  while (palette.length < Math.min(256, byCount.length)) {
    const { colour } = rest.reduce((a, b) => (b.error > a.error ? b : a));
    palette.push(colour);
    for (const entry of rest) entry.error = Math.min(entry.error, distance(entry.colour, colour));
  }
  return palette;
}

function nearest(palette: readonly number[], colour: number): number {
  let best = 0;
  for (let i = 1; i < palette.length; i++) if (distance(palette[i], colour) < distance(palette[best], colour)) best = i;
  return best;
}

/** Returns how different two colours, 0xaarrggbb, look. A colour counts as much as it is opaque. */
function distance(a: number, b: number): number {
  const [of, to] = [a >>> 24, b >>> 24];
  const red = (((a >>> 16) & 255) * of - ((b >>> 16) & 255) * to) / 255,
    green = (((a >>> 8) & 255) * of - ((b >>> 8) & 255) * to) / 255,
    blue = ((a & 255) * of - (b & 255) * to) / 255,
    opacity = of - to;
  return red * red + green * green + blue * blue + opacity * opacity;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

function decode(png: Buffer): Pixels {
  const width = png.readUInt32BE(16),
    height = png.readUInt32BE(20);
  const [depth, type, , , interlaced] = png.subarray(24, 29);
  if (!png.subarray(0, 8).equals(SIGNATURE) || depth !== 8 || (type !== 2 && type !== 6) || interlaced !== 0)
    throw new LabError("The picture is not a PNG of 8-bit RGB or RGBA without interlacing.");
  const data: Buffer[] = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString("latin1", at + 4, at + 8) === "IDAT")
      data.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  const raw = inflateSync(Buffer.concat(data));
  const channels = type === 6 ? 4 : 3,
    stride = width * channels;
  const rgba = new Uint8Array(width * height * 4).fill(255);
  let above = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    const row = Uint8Array.from(raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)));
    unfilter(raw[y * (stride + 1)], row, above, channels);
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++) rgba[4 * (y * width + x) + c] = row[x * channels + c];
    above = row;
  }
  return { width, height, rgba };
}

/**
 * Undoes one row's filter: what was stored is the difference from a guess by the pixels to the left, above, and above
 * to the left.
 */
function unfilter(filter: number, row: Uint8Array, above: Uint8Array, channels: number): void {
  for (let i = 0; i < row.length; i++) {
    const left = i >= channels ? row[i - channels] : 0,
      up = above[i],
      corner = i >= channels ? above[i - channels] : 0;
    row[i] +=
      filter === 1
        ? left
        : filter === 2
          ? up
          : filter === 3
            ? (left + up) >> 1
            : filter === 4
              ? paeth(left, up, corner)
              : 0;
  }
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const toLeft = Math.abs(guess - left),
    toUp = Math.abs(guess - up),
    toCorner = Math.abs(guess - corner);
  return toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
}
