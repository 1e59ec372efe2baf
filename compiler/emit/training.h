/* training: the functions of a model with a loss beside reset and run: gradients, the optimizers' step, parameters in
 * and out. All of the struct's arrays of parameters have one order: that of the keys. */
#ifndef NNC_EMIT_TRAINING_H
#define NNC_EMIT_TRAINING_H

#include "emit/emit.h"
#include "kernels/kernel.h"

/* Before the current body's kernels: what its steps consist of, those that a call of train takes or NAME_step's. */
void training_steps(emit_context *e, emit_context *train, const emit_api *api);
/* A STEP: the gradient of its param lies there. */
void training_take_step(emit_context *train, cblock *b, const ir_node *step, cexpr *gradient);
/* lr as the param's optimizer has it; negative where it climbs. */
cexpr *training_signed_rate(emit_context *train, size_t param);
/* Those that reset calls; before procedure_reset. */
void training_before_reset(emit_context *e, const emit_api *api);
/* Into reset: the file's parameters, or those that init draws. */
void training_first_parameters(emit_context *e, const emit_api *api, cblock *b);
/* The others. eval and train: contexts of the model's other plans. */
void training_functions(emit_context *e, emit_context *eval, emit_context *train, const emit_api *api);

bool training_has_step(const ir_model *m);    /* is there an optimizer? */
bool training_has_dropout(const plan *p);
int64_t training_header_bytes(const ir_model *m); /* of what save writes before the parameters */
/* The members of the struct that training adds. */
void training_members(arena *a, const plan *p, emit_members *to);
/* Declarations for the header, and the macros above the struct. */
void training_print_macros(const plan *p, const emit_api *api, FILE *to);
void training_print_declarations(const plan *p, const emit_api *api, FILE *to);

#endif
