// Threads that share the strips of a pass (layer.h). The caller is the first of them; the others sleep between passes.
// Neither the strips nor the order in which their sums are added up depend on the number of threads, so no bit of a
// result does.
#pragma once
#include "vector.h"

typedef void (*Work)(void *job, u32 part, u32 parts);

#if defined(__linux__) || defined(__APPLE__)
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#define MOST_THREADS 4
// Turns of a loop, a few nanoseconds each, in which an idle thread looks for the next pass before it sleeps. Passes
// follow each other within microseconds, and waking a thread takes a good part of a hundred.
#define LOOKS 20000

struct Pool;
typedef struct {
  struct Pool *pool;
  u32 part;
  pthread_t thread;
} Worker;
typedef struct Pool {
  u32 threads;
  u32 passes;    // passes that have begun: changes when there is something to do
  u32 sleeping;  // workers that have to be woken
  u32 working;   // workers that are not done with the pass
  u32 end;
  Work work;
  void *job;
#if defined(__APPLE__)
  pthread_mutex_t mutex;
  pthread_cond_t changed;
#endif
  Worker workers[MOST_THREADS - 1];
} Pool;

#define GET(x) __atomic_load_n(&(x), __ATOMIC_SEQ_CST)
#define ADD(x, n) __atomic_add_fetch(&(x), (n), __ATOMIC_SEQ_CST)

INLINE void relax(void) {
#if defined(__x86_64__)
  __asm__ volatile("pause");
#else
  __asm__ volatile("yield");
#endif
}

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
// This returns at once if the passes have changed meanwhile.
static void sleepUntilPass(Pool *pool, u32 seen) {
  syscall(SYS_futex, &pool->passes, 128L /* wait, of this process */, (long)seen, (void *)0, (void *)0, 0L);
}
static void wakeAll(Pool *pool) {
  syscall(SYS_futex, &pool->passes, 129L /* wake */, (long)MOST_THREADS, (void *)0, (void *)0, 0L);
}
#else
static void sleepUntilPass(Pool *pool, u32 seen) {
  pthread_mutex_lock(&pool->mutex);
  while (GET(pool->passes) == seen) pthread_cond_wait(&pool->changed, &pool->mutex);
  pthread_mutex_unlock(&pool->mutex);
}
static void wakeAll(Pool *pool) {
  pthread_mutex_lock(&pool->mutex);
  pthread_cond_broadcast(&pool->changed);
  pthread_mutex_unlock(&pool->mutex);
}
#endif

static void *workUntilEnd(void *given) {
  const Worker *worker = given;
  Pool *pool = worker->pool;
  for (u32 seen = 0;; seen++) {
    for (u32 looks = 0; GET(pool->passes) == seen; looks++) {
      if (looks < LOOKS) {
        relax();
        continue;
      }
      ADD(pool->sleeping, 1);
      while (GET(pool->passes) == seen) sleepUntilPass(pool, seen);
      ADD(pool->sleeping, -1);
    }
    if (GET(pool->end)) return 0;
    pool->work(pool->job, worker->part, pool->threads);
    ADD(pool->working, -1);
  }
}

static void beginPass(Pool *pool) {
  ADD(pool->passes, 1);
  if (GET(pool->sleeping) > 0) wakeAll(pool);
}

// This ends when every part is done.
static void runParts(Pool *pool, Work work, void *job) {
  if (!pool) {
    work(job, 0, 1);
    return;
  }
  pool->work = work;
  pool->job = job;
  __atomic_store_n(&pool->working, pool->threads - 1, __ATOMIC_SEQ_CST);
  beginPass(pool);
  work(job, 0, pool->threads);
  // A worker may be waiting for a busy processor, and this thread could be the one that keeps it busy.
  for (u32 looks = 0; GET(pool->working) > 0; looks++) {
    if (looks < LOOKS) relax();
    else sched_yield();
  }
}

static void endPool(void *given) {
  Pool *pool = given;
  __atomic_store_n(&pool->end, 1, __ATOMIC_SEQ_CST);
  beginPass(pool);
  for (u32 i = 0; i + 1 < pool->threads; i++) pthread_join(pool->workers[i].thread, 0);
  free(pool);
}

// Returns null where one thread is asked for, or no more can be had.
static Pool *startPool(u32 threads) {
  if (threads < 2 || threads > MOST_THREADS) return 0;
  Pool *pool = calloc(1, sizeof(Pool));
  if (!pool) return 0;
#if defined(__APPLE__)
  pthread_mutex_init(&pool->mutex, 0);
  pthread_cond_init(&pool->changed, 0);
#endif
  pool->threads = 1;
  // Signals belong to Node.js, that is, to the thread that handles them.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (u32 i = 0; i + 1 < threads; i++, pool->threads++) {
    pool->workers[i].pool = pool;
    pool->workers[i].part = i + 1;
    if (pthread_create(&pool->workers[i].thread, 0, workUntilEnd, &pool->workers[i])) break;
  }
  pthread_sigmask(SIG_SETMASK, &before, 0);
  if (pool->threads == threads) return pool;
  endPool(pool);
  return 0;
}
#else
typedef struct { u32 threads; } Pool;
static void runParts(Pool *pool, Work work, void *job) { work(job, 0, 1); }
static void endPool(void *pool) {}
static Pool *startPool(u32 threads) { return 0; }
#endif
