// The kernels as one table of functions: compiled once for each instruction set, with -DTABLE=... -DNAME=... -DWIDTH=...
#include "table.h"

const Table TABLE = {
  NAME, VECTOR_LANES, agentForward, agentBackward, mixerForward, mixerBackward, mixerCounterfactuals, centralForward, centralBackward, actorForward, layOut,
  collectAll, stepAll, clearAll, layerRefresh, multiplyAddPeak,
};
