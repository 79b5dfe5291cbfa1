// Feeds the addon calls that a real engine made, with numbers changed at random, under AddressSanitizer: the addon may
// refuse them, and must not read or write outside its memory. The functions below play the part of Node-API.
// fuzz.test.ts records the calls and compiles this file.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "addon.c"

// A value as JavaScript has it: a number, an ArrayBuffer or Float32Array, or an array of these.
typedef struct Value {
  double number;
  char *data;
  size_t bytes;
  struct Value **elements;
  size_t count;
  int kind;
} Value;
enum { UNDEFINED, NUMBER, BUFFER, FLOATS, BYTE_ARRAY, ARRAY };
struct napi_callback_info__ {
  Value **arguments;
  size_t count;
  void *data;
};

static long refused;
#define V_(value) ((Value *)(void *)(value))
napi_status napi_get_cb_info(napi_env e, napi_callback_info i, size_t *count, napi_value *to, napi_value *self,
                             void **data) {
  for (size_t k = 0; k < *count && k < i->count; k++) to[k] = (napi_value)(void *)i->arguments[k];
  *count = i->count;
  *data = i->data;
  return 0;
}
napi_status napi_get_arraybuffer_info(napi_env e, napi_value v, void **data, size_t *bytes) {
  if (V_(v)->kind != BUFFER) return 1;
  *data = V_(v)->data, *bytes = V_(v)->bytes;
  return 0;
}
napi_status napi_get_typedarray_info(napi_env e, napi_value v, int *type, size_t *length, void **data,
                                     napi_value *buffer, size_t *offset) {
  if (!v || (V_(v)->kind != FLOATS && V_(v)->kind != BYTE_ARRAY)) return 1;
  const int floats = V_(v)->kind == FLOATS;
  *type = floats ? FLOAT32_ARRAY : UINT8_ARRAY, *length = V_(v)->bytes / (floats ? 4 : 1), *data = V_(v)->data;
  return 0;
}
napi_status napi_get_value_double(napi_env e, napi_value v, double *to) {
  return V_(v)->kind != NUMBER ? 1 : (*to = V_(v)->number, 0);
}
napi_status napi_get_value_uint32(napi_env e, napi_value v, uint32_t *to) {
  return V_(v)->kind != NUMBER ? 1 : (*to = (uint32_t)(int64_t)V_(v)->number, 0);
}
napi_status napi_get_element(napi_env e, napi_value v, uint32_t i, napi_value *to) {
  if (V_(v)->kind != ARRAY) return 1;
  *to = i < V_(v)->count ? (napi_value)(void *)V_(v)->elements[i] : 0;
  return 0;
}
napi_status napi_throw_error(napi_env e, const char *code, const char *message) { return refused++, 0; }
napi_status napi_create_function(napi_env e, const char *n, size_t l, napi_callback c, void *d, napi_value *to) {
  return 0;
}
napi_status napi_set_named_property(napi_env e, napi_value o, const char *n, napi_value v) { return 0; }
napi_status napi_create_object(napi_env e, napi_value *to) { return 0; }
napi_status napi_create_double(napi_env e, double x, napi_value *to) { return 0; }
napi_status napi_create_string_utf8(napi_env e, const char *t, size_t l, napi_value *to) { return 0; }
napi_status napi_add_env_cleanup_hook(napi_env e, void (*hook)(void *), void *argument) { return 0; }
napi_status napi_get_undefined(napi_env e, napi_value *to) { return 0; }

static uint64_t state = 88172645463325252u;
static u32 any(void) {
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return (u32)(state >> 16);
}
static u32 below(u32 n) { return any() % n; }
static u32 changed(u32 x, size_t size) {
  switch (below(8)) {
    case 0: return x + 1;
    case 1: return x - 1;
    case 2: return x ^ (1u << below(32));
    case 3: return (u32)size - below(256);
    case 4: return below(64);
    case 5: return any();
    case 6: return x + 64 * (1 + below(64));
    default: return 0xffffffffu - below(256);
  }
}

// A recorded call: its function, its numbers, its memory, and the addresses of the words that are worth changing.
typedef struct { u32 function, count, size, words, arrays; } Head;

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  const long rounds = atol(argv[2]);
  long done = 0;
  Pool *pool = startPool(2);
  const Table *table = widest(512);
  if (!pool || !table) return 5;
  for (long round = 0; round < rounds; round++) {
    FILE *file = fopen(argv[1], "rb");
    Head head;
    while (fread(&head, sizeof head, 1, file) == 1) {
      double numbers[8];
      Value values[8] = {0}, *arguments[9], floats[LANES] = {0}, *elements[LANES], array = {0}, buffer = {0};
      u32 *interesting = malloc(head.words * 4 + 4);
      // The copy is exactly as large as the memory, so that AddressSanitizer watches both of its ends.
      char *m = malloc(head.size);
      if (fread(numbers, 8, head.count, file) != head.count || fread(interesting, 4, head.words, file) != head.words ||
          fread(m, 1, head.size, file) != head.size)
        return 3;
      for (u32 n = below(4); n > 0 && round > 0; n--) {
        const u32 at = interesting[below(head.words)];
        u32 word;
        memcpy(&word, m + at, 4);
        word = changed(word, head.size);
        memcpy(m + at, &word, 4);
      }
      buffer = (Value){0, m, head.size, 0, 0, BUFFER};
      arguments[0] = &buffer;
      for (u32 i = 0; i < head.count; i++) {
        values[i] = (Value){numbers[i], 0, 0, 0, 0, NUMBER};
        if (round > 0 && below(40) == 0) values[i].number = changed((u32)numbers[i], head.size);
        arguments[1 + i] = &values[i];
      }
      u32 count = head.count + 1;
      if (head.arrays) {
        for (u32 i = 0; i < LANES; i++) {
          const size_t bytes = (round == 0 ? head.arrays : below(head.arrays + 1)) * 4;
          floats[i] = (Value){0,     calloc(bytes + (bytes == 0), 1),
                              bytes, 0,
                              0,     head.function == LAY_OUT && numbers[1] == AVAILABLE ? BYTE_ARRAY : FLOATS};
          elements[i] = &floats[i];
        }
        array = (Value){0, 0, 0, elements, round == 0 ? LANES : below(LANES + 1), ARRAY};
        arguments[count++] = &array;
      }
      // Calls are made alone and with another thread by turns.
      Bound bound = {table, round % 2 ? pool : 0, head.function};
      struct napi_callback_info__ info = {arguments, count, &bound};
      const long before = refused;
      call(0, &info);
      if (round == 0 && refused > before) return fprintf(stderr, "call %ld was refused as it was recorded\n", done), 4;
      done++;
      for (u32 i = 0; head.arrays && i < LANES; i++) free(floats[i].data);
      free(m);
      free(interesting);
    }
    fclose(file);
  }
  printf("%ld calls, %ld refused\n", done, refused);
  return 0;
}
