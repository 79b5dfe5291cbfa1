import { setFlagsFromString } from "node:v8";

/**
 * Lets the heaps of this process grow to five times what they hold before garbage is collected; to be called by
 * programs that train and nothing else. An update leaves little garbage but some arrays outside the heap, for which V8
 * would look through the whole heap twice a second. A heap holds some 25 MB while a team trains, where the episodes
 * take a gigabyte.
 */
export function collectSeldom(): void {
  setFlagsFromString("--heap-growing-percent=400");
}
