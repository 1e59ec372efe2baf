/* mention: which symbols, inputs and outputs of the model kernels, loops and checks mention: what a function that has
 * them must take or declare. Collected in one walk. */
#ifndef NNC_EMIT_MENTION_H
#define NNC_EMIT_MENTION_H

#include "kernels/kernel.h"

typedef struct {
    arena *arena;
    const dim **symbols; /* each once */
    size_t count, capacity;
    bool *inputs, *outputs; /* by index */
} mentioned;

mentioned mention_nothing(const emit_context *e);
/* Adds what these items, and those in them, mention; what a check does. */
void mention_items(mentioned *m, const plan_item *item);
void mention_check(mentioned *m, const plan_check *c);
bool mention_has(const mentioned *m, const dim *symbol);

#endif
