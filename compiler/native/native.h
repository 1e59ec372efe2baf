/* native: a model's generated C, compiled on this machine and run there.
 *
 *     native *n = native_build(a, plan, api, &what, diags);
 *     native_add_run(n, true, dims, inputs) …       as many as are wanted, the states kept between
 * them native_start(n, body)                         for one or more bodies native_next(n, body,
 * memory, dims, outputs) … for each run, in this order native_close(n);
 *
 * Everything stands in a folder of its own under $TMPDIR, or /tmp, which is gone after native_close
 * or when the program ends otherwise. The compiler is $CC (cc), with -O1 and then $CFLAGS, both
 * words separated by blanks; no shell reads them. Tensors are doubles here, which hold every float
 * and int32.
 */
#ifndef NNC_NATIVE_NATIVE_H
#define NNC_NATIVE_NATIVE_H

#include "emit/emit.h"

typedef struct native native;

/* NULL, and an error, when it cannot be. */
native *native_build(arena *a, const plan *p, const emit_api *api, const char *target,
                     diag_list *diags);
/* False, and an error, when it cannot be written down. dims by the model's symbols. */
bool native_add_run(native *n, bool reset, const int64_t *dims, const double *const *inputs);
enum { NATIVE_BODIES = 3 };
/* Carries all runs out with a body of the code: 0 is the first of its target. */
bool native_start(native *n, int body);
int native_bodies(const native *n); /* that the machine can run; after a start */
const char *native_body_name(const native *n, int body); /* "AVX2"; after its start */
/* The outputs of the next run, in the arena, at the dims that it had; *status is its nnc_status:
 * not NNC_OK, and there are none. False, and an error, when they cannot be read. */
bool native_next(native *n, int body, arena *a, const int64_t *dims, double **outputs, int *status);
void native_close(native *n); /* NULL is allowed */

/* The largest stack frame of the generated C's functions, as -fstack-usage of $CC says it, and the
 * function. $CC may compile for another processor. False, and an error, when it cannot be had. */
bool native_stack(arena *a, const plan *p, const emit_api *api, const char *target,
                  diag_list *diags, int64_t *bytes, const char **function);

#endif
