/* arguments: those of a model's functions: of run and its like, in the C file and in the header; of parts of them. */
#ifndef NNC_EMIT_ARGUMENTS_H
#define NNC_EMIT_ARGUMENTS_H

#include "emit/emit.h"
#include "emit/mention.h"

/* self, the dims, the inputs, the learning rate if there is one (lr: what it is called, or NULL), the outputs. */
void arguments_sign(csignature *s, const ir_model *m, const emit_api *api, const char *lr);
/* Of a part, a function called amid another one: what it mentions of these, and of the loops around it, by the names
 * that they have there. */
void arguments_sign_part(csignature *s, emit_context *e, const emit_api *api, const plan_item *part,
                         const mentioned *what);
/* "tagger *self, size_t T, const int32_t *sentence, float *tags": as the header has arguments_sign's. */
const char *arguments_declared(arena *a, const ir_model *m, const emit_api *api, const char *lr);
/* Them with their shapes, a line each of a comment. */
void arguments_print(const ir_model *m, const emit_api *api, FILE *to);

#endif
