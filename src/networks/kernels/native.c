// The kernels as one table of functions. This file is compiled once for each instruction set, with -DTABLE=...
// -DNAME=... -DWIDTH=...
#include "table.h"

// Says whether the offsets of all entries are those of whole rows, up to the last one's, which is below 2^31.
static int offsetsFit(const Entry *e, u32 count, u32 last) {
  const u32 *words = (const u32 *)e;
  typedef u32 VW __attribute__((vector_size(WIDTH), aligned(4), may_alias));
  VW seen = {0}, above = {0};
  u32 k = 0;
  // Every other word is a weight, whose result is ignored in the end. An offset above the last one makes the difference
  // negative, or is negative itself.
  for (; k + VECTOR_LANES / 2 <= count; k += VECTOR_LANES / 2) {
    const VW some = *(const VW *)(words + 2 * k);
    seen |= some;
    above |= last - some;
  }
  u32 all = 0, sign = 0;
  for (int lane = 1; lane < VECTOR_LANES; lane += 2) all |= seen[lane], sign |= above[lane];
  for (; k < count; k++) all |= e[k].offset, sign |= last - e[k].offset;
  return all % ROW == 0 && !((all | sign) >> 31);
}

const Table TABLE = {
    NAME,
    VECTOR_LANES,
    agentForward,
    agentBackward,
    mixerForward,
    mixerBackward,
    mixerCounterfactuals,
    centralForward,
    centralBackward,
    actorForward,
    cellInARun,
    feedForward,
    feedBackward,
    layOut,
    agentLoadAndForward,
    collectAll,
    stepAll,
    followAll,
    clearAll,
    layerRefresh,
    multiplyAddPeak,
    offsetsFit,
    crossEntropy,
    normals,
    nextValues,
};
