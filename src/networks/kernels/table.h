// The passes of one native build of the kernels, for one width of vectors.
#pragma once
#include "cross-entropy.h"
#include "next.h"

typedef struct {
  const char *name;
  u32 lanes;
  void (*agentForward)(char *, const Agent *, u32, u32, u32, u32, u32, u32);
  void (*agentBackward)(char *, const Agent *, u32, u32);
  void (*mixerForward)(char *, const Mixer *, u32, u32, u32, u32, u32);
  void (*mixerBackward)(char *, const Mixer *, u32, u32);
  void (*mixerCounterfactuals)(char *, const Mixer *, u32, u32, u32, u32);
  void (*centralForward)(char *, const Central *, u32, u32, u32, u32, u32);
  void (*centralBackward)(char *, const Central *, u32, u32);
  void (*actorForward)(char *, const Actor *, u32, Cell);
  Cell cell;
  void (*feedForward)(char *, const FeedForward *, u32, u32, u32, u32);
  void (*feedBackward)(char *, const FeedForward *, u32, u32, u32, u32);
  void (*layOut)(char *, const Batch *, u32, u32, u32, const char *const *, u32, const u32 *, const char *);
  void (*agentLoadAndForward)(char *, const Batch *, const Agent *, u32, u32, const char *const *, const u32 *, u32,
                              u32);
  double (*collectAll)(char *, u32, u32);
  void (*stepAll)(char *, u32, u32, const Optimiser *);
  void (*followAll)(char *, u32, u32, float);
  void (*clearAll)(char *, u32, u32);
  void (*layerRefresh)(char *, const Layer *, int);
  float (*multiplyAddPeak)(u32, float, float);
  int (*offsetsFit)(const Entry *, u32, u32);
  void (*crossEntropy)(char *, const CrossEntropy *, u32, u32, u32);
  void (*normals)(char *, u32, u32, u32);
  u32 (*nextValues)(char *, const Next *, double, double, double, u32, u32);
} Table;
