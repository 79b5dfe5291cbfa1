// The kernels as a WebAssembly module. It imports its memory, and addresses are those of that memory.
#include "cross-entropy.h"
#include "next.h"

#define EXPORT(name) __attribute__((export_name(name)))
#define MEMORY ((char *)0)

EXPORT("agentForward") void agent_forward(u32 agent, u32 sides, u32 keep, u32 first, u32 end) {
  agentForward(MEMORY, (const Agent *)agent, sides, keep, first, end, 0, 1);
}
EXPORT("agentBackward") void agent_backward(u32 agent) { agentBackward(MEMORY, (const Agent *)agent, 0, 1); }
EXPORT("mixerForward") void mixer_forward(u32 mixer, u32 side, u32 offset, u32 keep) {
  mixerForward(MEMORY, (const Mixer *)mixer, side, offset, keep, 0, 1);
}
EXPORT("mixerBackward") void mixer_backward(u32 mixer) { mixerBackward(MEMORY, (const Mixer *)mixer, 0, 1); }
EXPORT("mixerCounterfactuals") void mixer_counterfactuals(u32 mixer, u32 side, u32 offset) {
  mixerCounterfactuals(MEMORY, (const Mixer *)mixer, side, offset, 0, 1);
}
EXPORT("centralForward") void central_forward(u32 mixer, u32 side, u32 offset, u32 keep) {
  centralForward(MEMORY, (const Central *)mixer, side, offset, keep, 0, 1);
}
EXPORT("centralBackward") void central_backward(u32 mixer) { centralBackward(MEMORY, (const Central *)mixer, 0, 1); }
EXPORT("actorForward") void actor_forward(u32 actor, u32 step) {
  actorForward(MEMORY, (const Actor *)actor, step, cellInARun);
}
EXPORT("feedForward") void feed_forward(u32 network, u32 side, u32 keep) {
  feedForward(MEMORY, (const FeedForward *)network, side, keep, 0, 1);
}
EXPORT("feedBackward") void feed_backward(u32 network, u32 adds, u32 through) {
  feedBackward(MEMORY, (const FeedForward *)network, adds, through, 0, 1);
}
EXPORT("crossEntropy") void cross_entropy(u32 search, u32 side) {
  crossEntropy(MEMORY, (const CrossEntropy *)search, side, 0, 1);
}
EXPORT("normals") void draw_normals(u32 to, u32 count, u32 low, u32 high) { normals((char *)to, count, low, high); }
EXPORT("layOut") void lay_out(u32 batch, u32 states, u32 first, u32 count) {
  layOutStaged(MEMORY, (const Batch *)batch, states, first, count);
}
EXPORT("collect") double collect(u32 list, u32 count) { return collectAll(MEMORY, list, count); }
EXPORT("step") void step(u32 list, u32 count, u32 optimiser) {
  stepAll(MEMORY, list, count, (const Optimiser *)optimiser);
}
EXPORT("follow") void follow(u32 list, u32 count, float tau) { followAll(MEMORY, list, count, tau); }
EXPORT("clear") void clear(u32 list, u32 count) { clearAll(MEMORY, list, count); }
EXPORT("refresh") void refresh(u32 layer, u32 side) { layerRefresh(MEMORY, (const Layer *)layer, (int)side); }
EXPORT("peak") float peak(u32 iterations, float by, float plus) { return multiplyAddPeak(iterations, by, plus); }
EXPORT("nextValues") u32 next_values(u32 next, double alpha, double omega, double beta) {
  return nextValues(MEMORY, (const Next *)next, alpha, omega, beta, 0, 1);
}
