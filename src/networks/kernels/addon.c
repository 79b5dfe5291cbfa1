// The kernels as a Node addon: it makes the same passes as wasm.c on the same memory, which is the first argument of
// every function. Which instruction set computes is chosen when the addon is loaded.
#include "node-api.h"
#include "table.h"
#include "check.h"
#include "pool.h"
#include <stdlib.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#ifndef SOURCES
#define SOURCES "unknown"
#endif

#if defined(__x86_64__)
extern const Table avx2, avx512;

static void cpuid(u32 leaf, u32 sub, u32 out[4]) {
  __asm__ volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3]) : "a"(leaf), "c"(sub));
}
// Says whether the processor has the instructions and the system keeps the registers that they use.
static const Table *widest(u32 limit) {
  u32 r[4];
  cpuid(0, 0, r);
  if (r[0] < 7) return 0;
  cpuid(1, 0, r);
  const u32 features = r[2];
  if (!(features & (1u << 27)) || !(features & (1u << 28)) || !(features & (1u << 12))) return 0;  // OSXSAVE, AVX, FMA
  u32 low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low & 6) != 6) return 0;
  cpuid(7, 0, r);
  const u32 more = r[1];
  if (!(more & (1u << 5)) || !(more & (1u << 3)) || !(more & (1u << 8))) return 0;  // AVX2, BMI1, BMI2
  const u32 wide = (1u << 16) | (1u << 17) | (1u << 28) | (1u << 30) | (1u << 31);  // AVX-512 F, DQ, CD, BW, VL
  if (limit >= 512 && (low & 0xe0) == 0xe0 && (more & wide) == wide) return &avx512;
  return limit >= 256 ? &avx2 : 0;
}
#else
extern const Table neon;
static const Table *widest(u32 limit) { return limit >= 128 ? &neon : 0; }
#endif

// Few lanes do not fill a wide vector, and narrower ones are then faster.
static const Table *narrowest(const Table *table, u32 lanes) {
#if defined(__x86_64__)
  return lanes <= avx2.lanes ? &avx2 : table;
#else
  return table;
#endif
}

enum {
  AGENT_FORWARD,
  AGENT_BACKWARD,
  MIXER_FORWARD,
  MIXER_BACKWARD,
  MIXER_COUNTERFACTUALS,
  CENTRAL_FORWARD,
  CENTRAL_BACKWARD,
  ACTOR_FORWARD,
  FEED_FORWARD,
  FEED_BACKWARD,
  LAY_OUT,
  LOAD_AND_FORWARD,
  COLLECT,
  STEP,
  FOLLOW,
  CLEAR,
  REFRESH,
  PEAK,
  NEXT_VALUES,
  CROSS_ENTROPY,
  NORMALS,
  USE_LARGE_PAGES
};
static const struct {
  const char *name;
  u32 words, floats;
} FUNCTIONS[] = {
    {"agentForward", 5, 0},
    {"agentBackward", 1, 0},
    {"mixerForward", 4, 0},
    {"mixerBackward", 1, 0},
    {"mixerCounterfactuals", 3, 0},
    {"centralForward", 4, 0},
    {"centralBackward", 1, 0},
    {"actorForward", 2, 0},
    {"feedForward", 3, 0},
    {"feedBackward", 3, 0},
    {"layOut", 4, 0},
    {"agentLoadAndForward", 4, 0},
    {"collect", 2, 0},
    {"step", 3, 0},
    {"follow", 2, 1},
    {"clear", 2, 0},
    {"refresh", 2, 0},
    {"peak", 1, 2},
    {"nextValues", 1, 3},
    {"crossEntropy", 2, 0},
    {"normals", 4, 0},
    {"useLargePages", 0, 0},
};
#define COUNT (sizeof FUNCTIONS / sizeof FUNCTIONS[0])

// The data behind a function of the addon: what it does, and which build computes it.
typedef struct {
  const Table *table;
  Pool *pool;
  size_t function;
} Bound;

// A pass that threads share.
typedef struct {
  const Table *table;
  size_t function;
  char *m;
  const void *record;
  const u32 *w;
  const double *x;
  const Batch *batch;
  const char *const *sources;
  const u32 *have;  // of episodes
  u32 failed;
} Pass;

static void passPart(void *job, u32 part, u32 parts) {
  Pass *p = job;
  const Table *t = p->table;
  const u32 *w = p->w;
  switch (p->function) {
    case AGENT_FORWARD: t->agentForward(p->m, p->record, w[1], w[2], w[3], w[4], part, parts); break;
    case AGENT_BACKWARD: t->agentBackward(p->m, p->record, part, parts); break;
    case MIXER_FORWARD: t->mixerForward(p->m, p->record, w[1], w[2], w[3], part, parts); break;
    case MIXER_BACKWARD: t->mixerBackward(p->m, p->record, part, parts); break;
    case MIXER_COUNTERFACTUALS: t->mixerCounterfactuals(p->m, p->record, w[1], w[2], part, parts); break;
    case CENTRAL_FORWARD: t->centralForward(p->m, p->record, w[1], w[2], w[3], part, parts); break;
    case CENTRAL_BACKWARD: t->centralBackward(p->m, p->record, part, parts); break;
    case LAY_OUT: {
      const u32 from = w[2] + (u32)((uint64_t)w[3] * part / parts),
                to = w[2] + (u32)((uint64_t)w[3] * (part + 1) / parts);
      t->layOut(p->m, p->batch, w[1], from, to - from, p->sources, w[2], p->have, p->m + p->batch->staging);
      break;
    }
    case LOAD_AND_FORWARD:
      t->agentLoadAndForward(p->m, p->batch, p->record, w[2], w[3], p->sources, p->have, part, parts);
      break;
    case CROSS_ENTROPY: t->crossEntropy(p->m, p->record, w[1], part, parts); break;
    case NEXT_VALUES:
      if (!t->nextValues(p->m, p->record, p->x[0], p->x[1], p->x[2], part, parts))
        __atomic_store_n(&p->failed, 1, __ATOMIC_SEQ_CST);
      break;
  }
}

// Asks for large pages where the memory has not been touched yet. With pages of 4 KB a run through what the agents'
// passes keep needs more of them than the processor remembers, and looking one up takes as long as several products.
static void useLargePages(char *m, size_t size) {
#if defined(__linux__)
  const size_t large = 1 << 21, first = ((size_t)m + large - 1) & -large, end = ((size_t)m + size) & -large;
  // Where the system has none, small ones serve as well.
  if (end > first) (void)madvise((void *)first, end - first, MADV_HUGEPAGE);
#endif
}

static napi_value fail(napi_env env, const char *message) {
  napi_throw_error(env, 0, message);
  return 0;
}

// Finds where the group's episodes, which are arrays of this kind, have the rows of `count` steps from `first` on, and
// how many rows each of them has. Returns a fault, or 0.
static const char *episodesOf(napi_env env, napi_value arrays, int kind, size_t row, u32 first, u32 count,
                              const char **sources, u32 *have) {
  static const char nothing[4];
  for (u32 lane = 0; lane < LANES; lane++) {
    napi_value element;
    int type;
    size_t length;
    void *data;
    sources[lane] = nothing;
    have[lane] = 0;
    if (napi_get_element(env, arrays, lane, &element)) return "An array of episodes' arrays is expected.";
    if (napi_get_typedarray_info(env, element, &type, &length, &data, 0, 0)) continue;  // no such lane
    if (type != kind) return "Episodes are to be float32 arrays, or bytes where actions are available.";
    const size_t rows = length * (kind == FLOAT32_ARRAY ? 4 : 1) / row;
    if (rows <= first) continue;
    sources[lane] = (const char *)data + first * row;
    have[lane] = rows - first < count ? (u32)(rows - first) : count;
  }
  return 0;
}

static napi_value call(napi_env env, napi_callback_info info) {
  size_t count = 8;
  napi_value arguments[8], result;
  void *data;
  napi_get_cb_info(env, info, &count, arguments, 0, &data);
  const size_t f = ((const Bound *)data)->function;
  const Table *table = ((const Bound *)data)->table;
  Pool *pool = ((const Bound *)data)->pool;
  const u32 words = FUNCTIONS[f].words, floats = FUNCTIONS[f].floats;
  if (count < 1 + words + floats) return fail(env, "Too few arguments.");
  void *at;
  size_t size;
  if (napi_get_arraybuffer_info(env, arguments[0], &at, &size))
    return fail(env, "The first argument is to be the memory, an ArrayBuffer.");
  char *m = at;
  looking = table;
  u32 w[5] = {0};
  double x[5] = {0};
  for (u32 i = 0; i < words; i++) {
    if (napi_get_value_uint32(env, arguments[1 + i], &w[i])) return fail(env, "A number is expected.");
  }
  for (u32 i = 0; i < floats; i++)
    if (napi_get_value_double(env, arguments[1 + words + i], &x[i])) return fail(env, "A number is expected.");
  const char *wrong = 0;
  double value = 0;
  Pass pass = {table, f, m, 0, w, x, 0, 0, 0, 0};
  switch (f) {
    case AGENT_FORWARD: {
      const Agent *a = agentOf(m, size, w[0], w[1] & 3);
      if (!a || w[4] > a->steps + 1 || w[3] > w[4]) wrong = "agentForward: the network does not fit the memory.";
      else pass.record = a, runParts(pool, passPart, &pass);
      break;
    }
    case AGENT_BACKWARD: {
      const Agent *a = agentOf(m, size, w[0], READS_ONLINE | READS_TRANSPOSED);
      if (!a) wrong = "agentBackward: the network does not fit the memory.";
      else pass.record = a, runParts(pool, passPart, &pass);
      break;
    }
    case MIXER_FORWARD:
    case MIXER_BACKWARD:
    case MIXER_COUNTERFACTUALS: {
      const Mixer *x = mixerOf(m, size, w[0],
                               f == MIXER_BACKWARD ? READS_ONLINE | READS_TRANSPOSED
                               : w[1]              ? READS_TARGET
                                                   : READS_ONLINE,
                               f == MIXER_COUNTERFACTUALS);
      if (!x || w[1] > 1 || w[2] > 1) wrong = "The mixer does not fit the memory.";
      else pass.record = x, runParts(pool, passPart, &pass);
      break;
    }
    case CENTRAL_FORWARD:
    case CENTRAL_BACKWARD: {
      const Central *c = centralOf(m, size, w[0],
                                   f == CENTRAL_BACKWARD ? READS_ONLINE | READS_TRANSPOSED
                                   : w[1]                ? READS_TARGET
                                                         : READS_ONLINE);
      if (!c || w[1] > 1 || w[2] > 1) wrong = "The central mixer does not fit the memory.";
      else pass.record = c, runParts(pool, passPart, &pass);
      break;
    }
    case ACTOR_FORWARD: {
      const Actor *a = actorOf(m, size, w[0]);
      if (!a) wrong = "The actor does not fit the memory.";
      else
        narrowest(table, a->lanes)->actorForward(m, a, w[1], a->hidden % 2 ? narrowest(table, 1)->cell : table->cell);
      break;
    }
    case FEED_FORWARD:
    case FEED_BACKWARD: {
      const FeedForward *n = feedForwardOf(m, size, w[0],
                                           f == FEED_BACKWARD ? READS_ONLINE | READS_TRANSPOSED
                                           : w[1]             ? READS_TARGET
                                                              : READS_ONLINE,
                                           f == FEED_BACKWARD || w[2]);
      if (!n || (f == FEED_FORWARD && w[1] > 1)) wrong = "The feed-forward network does not fit the memory.";
      else if (f == FEED_FORWARD) table->feedForward(m, n, w[1], w[2], 0, 1);
      else table->feedBackward(m, n, w[1], w[2], 0, 1);
      break;
    }
    // Lays out the observations (0), states (1) or available actions (2) of the group's episodes, straight from their
    // arrays. Arguments: (memory, batch, what, first, count, arrays).
    case LAY_OUT: {
      const Batch *b = batchOf(m, size, w[0]);
      const char *sources[LANES];
      u32 have[LANES];
      if (!b || w[1] > AVAILABLE || w[2] > b->steps || w[3] > b->steps + 1 - w[2])
        wrong = "layOut: the batch does not fit the memory.";
      else if (count < 6) wrong = "layOut wants an array of episodes' arrays.";
      else {
        wrong = episodesOf(env, arguments[5], w[1] == AVAILABLE ? UINT8_ARRAY : FLOAT32_ARRAY, bytesOfStep(b, w[1]),
                           w[2], w[3], sources, have);
        if (!wrong) pass.batch = b, pass.sources = sources, pass.have = have, runParts(pool, passPart, &pass);
      }
      break;
    }
    // Lays out all observations and runs the agents over them. Arguments: (memory, batch, agent, sides, keep, arrays).
    case LOAD_AND_FORWARD: {
      const Batch *b = batchOf(m, size, w[0]);
      const Agent *a = agentOf(m, size, w[1], w[2] & 3);
      const char *sources[LANES];
      u32 have[LANES];
      if (!b || !a || a->agents != b->agents || a->steps != b->steps)
        wrong = "agentLoadAndForward: the batch or the network does not fit the memory.";
      else if (count < 6) wrong = "agentLoadAndForward wants an array of episodes' arrays.";
      else {
        wrong =
            episodesOf(env, arguments[5], FLOAT32_ARRAY, bytesOfStep(b, OBSERVATIONS), 0, b->steps + 1, sources, have);
        if (!wrong)
          pass.batch = b, pass.record = a, pass.sources = sources, pass.have = have, runParts(pool, passPart, &pass);
      }
      break;
    }
    case COLLECT:
    case STEP:
    case FOLLOW:
    case CLEAR:
      if (!layersOf(m, size, w[0], w[1]) || (f == STEP && !fits(size, w[2], 1, sizeof(Optimiser))))
        wrong = "The layers do not fit the memory.";
      else if (f == COLLECT) value = table->collectAll(m, w[0], w[1]);
      else if (f == CLEAR) table->clearAll(m, w[0], w[1]);
      else if (f == FOLLOW) table->followAll(m, w[0], w[1], (float)x[0]);
      else table->stepAll(m, w[0], w[1], (const Optimiser *)(m + w[2]));
      break;
    case REFRESH: {
      const Layer *l = layerOf(m, size, w[0], READS_ALL);
      if (!l || w[1] > 1 || !placesFit(m, l)) wrong = "The layer does not fit the memory.";
      else table->layerRefresh(m, l, (int)w[1]);
      break;
    }
    case NEXT_VALUES: {
      const Next *n = nextOf(m, size, w[0]);
      if (!n) wrong = "The values do not fit the memory.";
      else pass.record = n, runParts(pool, passPart, &pass), value = !pass.failed;
      break;
    }
    case CROSS_ENTROPY: {
      const CrossEntropy *c = crossEntropyOf(m, size, w[0], w[1] ? READS_TARGET : READS_ONLINE);
      if (!c || w[1] > 1) wrong = "The cross-entropy method does not fit the memory.";
      else pass.record = c, runParts(pool, passPart, &pass);
      break;
    }
    case NORMALS:
      if (!fits(size, w[0], w[1], ROW)) wrong = "The draws do not fit the memory.";
      else table->normals(m + w[0], w[1], w[2], w[3]);
      break;
    case USE_LARGE_PAGES: useLargePages(m, size); break;
    case PEAK: value = table->multiplyAddPeak(w[0], (float)x[0], (float)x[1]); break;
  }
  if (wrong) return fail(env, wrong);
  if (f == COLLECT || f == PEAK || f == NEXT_VALUES) napi_create_double(env, value, &result);
  else return 0;
  return result;
}

// Returns the kernels of the widest instructions of at most so many bits that the processor has: an object of
// functions, with the name of the build, the lanes of a vector and the number of threads. So many threads (1, 2 or 4)
// share the passes, or one where no others can be started. Returns undefined if the processor lacks what this addon
// needs.
static napi_value kernels(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2], object, value;
  napi_get_cb_info(env, info, &count, arguments, 0, 0);
  u32 limit = 512, threads = 1;
  if (count > 0) napi_get_value_uint32(env, arguments[0], &limit);
  if (count > 1) napi_get_value_uint32(env, arguments[1], &threads);
  const Table *table = widest(limit);
  if (!table) {
    napi_get_undefined(env, &value);
    return value;
  }
  Bound *own = calloc(COUNT, sizeof(Bound));
  if (!own) return fail(env, "There is no memory for the kernels.");
  Pool *pool = startPool(threads);
  napi_add_env_cleanup_hook(env, free, own);
  if (pool) napi_add_env_cleanup_hook(env, endPool, pool);
  napi_create_object(env, &object);
  napi_create_string_utf8(env, table->name, NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, object, "instructions", value);
  napi_create_double(env, table->lanes, &value);
  napi_set_named_property(env, object, "lanes", value);
  napi_create_double(env, pool ? pool->threads : 1, &value);
  napi_set_named_property(env, object, "threads", value);
  for (size_t f = 0; f < COUNT; f++) {
    own[f] = (Bound){table, pool, f};
    napi_create_function(env, FUNCTIONS[f].name, NAPI_AUTO_LENGTH, call, &own[f], &value);
    napi_set_named_property(env, object, FUNCTIONS[f].name, value);
  }
  return object;
}

NAPI_EXPORT napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  napi_value value;
  napi_create_string_utf8(env, SOURCES, NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, exports, "sources", value);
  napi_create_function(env, "kernels", NAPI_AUTO_LENGTH, kernels, 0, &value);
  napi_set_named_property(env, exports, "kernels", value);
  return exports;
}
NAPI_EXPORT int32_t node_api_module_get_api_version_v1(void) { return 8; }
