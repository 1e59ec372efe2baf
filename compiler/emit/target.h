/* target: which bodies a C file gets.
 *
 *     all         a body each for AVX-512, AVX2 with FMA, and the baseline (SSE2, NEON or plain C); chosen at run time
 *     c, x86-64, aarch64    the baseline alone
 *     x86-64-v3   the AVX2 body alone, x86-64-v4 the AVX-512 body alone; the processor must have it
 */
#ifndef NNC_EMIT_TARGET_H
#define NNC_EMIT_TARGET_H

#include "emit/kernel.h"

/* Sets e->targets by a name of the list above; false when there is none such. */
bool target_select(emit_context *e, const char *name);
bool target_exists(const char *name);

#endif
