// The few functions of Node-API that the addon calls. Their binary interface is fixed, so that no headers of a version
// of Node.js are needed.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
typedef struct napi_callback_info__ *napi_callback_info;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);
typedef int napi_status;  // 0: ok

#if defined(_WIN32)
#define NAPI __declspec(dllimport)
#define NAPI_EXPORT __declspec(dllexport)
#else
#define NAPI
#define NAPI_EXPORT __attribute__((visibility("default")))
#endif

NAPI napi_status napi_get_cb_info(napi_env, napi_callback_info, size_t *count, napi_value *arguments, napi_value *self,
                                  void **data);
NAPI napi_status napi_create_function(napi_env, const char *name, size_t length, napi_callback, void *data,
                                      napi_value *result);
NAPI napi_status napi_set_named_property(napi_env, napi_value object, const char *name, napi_value value);
NAPI napi_status napi_get_arraybuffer_info(napi_env, napi_value, void **data, size_t *bytes);
NAPI napi_status napi_get_typedarray_info(napi_env, napi_value, int *type, size_t *length, void **data,
                                          napi_value *buffer, size_t *offset);
NAPI napi_status napi_get_value_double(napi_env, napi_value, double *result);
NAPI napi_status napi_get_value_uint32(napi_env, napi_value, uint32_t *result);
NAPI napi_status napi_get_element(napi_env, napi_value object, uint32_t index, napi_value *result);
NAPI napi_status napi_create_object(napi_env, napi_value *result);
NAPI napi_status napi_create_double(napi_env, double value, napi_value *result);
NAPI napi_status napi_create_string_utf8(napi_env, const char *text, size_t length, napi_value *result);
NAPI napi_status napi_get_undefined(napi_env, napi_value *result);
NAPI napi_status napi_add_env_cleanup_hook(napi_env, void (*hook)(void *), void *argument);
NAPI napi_status napi_throw_error(napi_env, const char *code, const char *message);

#define NAPI_AUTO_LENGTH SIZE_MAX
#define UINT8_ARRAY 1
#define FLOAT32_ARRAY 7
