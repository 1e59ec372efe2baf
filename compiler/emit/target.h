/* target: which bodies a C file gets.
 *
 *     baseline    vectors of four floats: SSE2, NEON or plain C; x86-64 and aarch64 mean the same
 *     wasm        the same with smaller register tiles
 *     scalar      one lane, loops over units and terms: for cores without vectors; c and cortex-m mean the same
 *     all         beside the baseline a body each for AVX2 with FMA and for AVX-512, chosen at run time
 *     x86-64-v3   the AVX2 body alone, x86-64-v4 the AVX-512 body alone; the processor must have it
 */
#ifndef NNC_EMIT_TARGET_H
#define NNC_EMIT_TARGET_H

#include "kernels/kernel.h"

/* All names, for messages. */
#define TARGET_NAMES \
    "all, baseline (also x86-64, aarch64), scalar (also c, cortex-m), wasm, x86-64-v3 or x86-64-v4"

/* Sets e->targets by a name of the list above; false when there is none such. */
bool target_select(emit_context *e, const char *name);
/* For a file with int8 weights: the same targets, the widest with the instructions for them. */
void target_use_dots(emit_context *e);
bool target_exists(const char *name);
const char *target_name(size_t i); /* NULL behind the last one */
/* Of a target that exists: its bodies, and what one is called: "AVX2"; NULL: vectors of four, which the C compiler
 * makes of what the processor has. */
size_t target_body_count(const char *name);
const char *target_body_name(const char *name, size_t body);
/* What a C compiler for this machine must be told to make its code: "-march=x86-64-v3", or NULL. */
const char *target_march(const char *name);
/* Sets the bodies that a target's plan has choices for. */
void target_bodies(const char *name, plan_options *to);

#endif
