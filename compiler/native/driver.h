/* driver: the C that carries runs of a model out: two files beside the generated C.
 *
 *     call.c     includes the generated C and offers it without its names; the only file that knows
 * the model driver.c   the same for all models: reads runs from a file, has them carried out,
 * writes the outputs to another
 *
 * PROGRAM RUNS OUTPUTS BODY; body 0 is the first of the target's, and the files hold this machine's
 * own int64 and what tensors hold. RUNS, for each run: 1 to reset before it, else 0; the run-time
 * dims; for each input and output its bytes; the inputs. OUTPUTS: how many bodies the machine can
 * run, 32 bytes of this one's name; then for each run its nnc_status and, if that is NNC_OK, the
 * outputs. */
#ifndef NNC_NATIVE_DRIVER_H
#define NNC_NATIVE_DRIVER_H

#include <stdio.h>

#include "emit/emit.h"

enum { DRIVER_NAME_BYTES = 32 };
extern const char driver_text[]; /* driver.c */

/* call.c. False when writing failed. */
bool driver_write_call(const plan *p, const emit_api *api, const char *target, const char *code,
                       FILE *to);

#endif
